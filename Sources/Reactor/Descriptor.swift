internal import Glibc

/// The owner of one file descriptor, which is closed with it.
struct Descriptor: ~Copyable {
  let raw: CInt

  /// Takes ownership of the result of a CLinux call. Throws if that is a negative errno.
  init(owning result: CInt, from call: String) throws(SystemError) {
    raw = try SystemError.check(result, call)
  }

  deinit { _ = close(raw) }
}
