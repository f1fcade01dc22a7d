internal import Glibc

/// A failed system call, with its name and errno.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The name of the call, such as `listen`.
  public let call: String
  /// The errno value, positive.
  public let code: CInt

  /// Creates an error from the name of a call and a positive errno.
  public init(_ call: String, _ code: CInt) {
    self.call = call
    self.code = code
  }

  /// Whether the address is already in use.
  public var isAddressInUse: Bool { code == EADDRINUSE }

  public var description: String { "\(call): \(unsafe String(cString: strerror(code)))" }

  /// Returns the result of a CLinux call. Throws if that is a negative errno.
  static func check(_ result: CInt, _ call: String) throws(SystemError) -> CInt {
    guard result >= 0 else { throw SystemError(call, -result) }
    return result
  }
}
