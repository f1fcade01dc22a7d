import Glibc

/// The reason why a measurement is impossible.
struct LoadError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// Returns the result of a call. Throws if that is a negative errno.
  static func check(_ result: CInt, _ what: String) throws(LoadError) -> CInt {
    guard result < 0 else { return result }
    throw LoadError("\(what): \(String(cString: strerror(-result)))")
  }
}
