import Glibc

/// Why something cannot be measured.
struct LoadError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// The result of a call that returns a negative errno when it fails.
  static func check(_ result: CInt, _ what: String) throws(LoadError) -> CInt {
    guard result < 0 else { return result }
    throw LoadError("\(what): \(String(cString: strerror(-result)))")
  }
}
