/// An error in a hardware request: the message, and the member that it is about.
struct HardwareRequestError: Error {
  var message: String
  var param: String?

  init(_ message: String, _ param: String? = nil) {
    self.message = message
    self.param = param
  }
}
