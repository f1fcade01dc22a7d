internal import Glibc

/// A system call that failed: which one, and the kernel's reason.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The call's name, as in `listen`.
  public let call: String
  /// The errno value, positive.
  public let code: CInt

  public init(_ call: String, _ code: CInt) {
    self.call = call
    self.code = code
  }

  /// Whether the address is in use by somebody else.
  public var isAddressInUse: Bool { code == EADDRINUSE }

  public var description: String { "\(call): \(unsafe String(cString: strerror(code)))" }

  /// The result of a call of `CLinux`, or its negative errno thrown.
  static func check(_ result: CInt, _ call: String) throws(SystemError) -> CInt {
    guard result >= 0 else { throw SystemError(call, -result) }
    return result
  }
}
