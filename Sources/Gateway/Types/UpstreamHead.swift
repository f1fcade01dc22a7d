/// The head of an upstream's response: the fields that decide how its body is read.
struct UpstreamHead {
  var status: Int
  var isJSON = false
  var isHTML = false
  /// Whether the body is compressed, which hoosh never asks for.
  var isEncoded = false
  /// The declared length of the body in bytes; 0 if there is none.
  var length = 0
  /// Seconds after which the upstream accepts requests again.
  var retryAfter: Int?
  private var hasType = false
  private var hasEncoding = false
  private var hasLength = false

  init(status: Int) { self.status = status }

  /// Reads one field; of a field that comes twice the first counts.
  mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    if !hasType, name.matches("content-type") {
      hasType = true
      isJSON = value.begins("application/json")
      isHTML = value.begins("text/html")
    } else if !hasEncoding, name.matches("content-encoding") {
      hasEncoding = true
      isEncoded = !value.begins("identity")
    } else if !hasLength, name.matches("content-length") {
      hasLength = true
      length = max(0, Int(value.text) ?? 0)
    }
  }
}
