internal import Glibc

/// The owner of one file descriptor; closes it when it goes.
struct Descriptor: ~Copyable {
  let raw: CInt

  /// Takes over the result of a call of `CLinux`; throws when that was a negative errno.
  init(owning result: CInt, from call: String) throws(SystemError) {
    raw = try SystemError.check(result, call)
  }

  deinit { _ = close(raw) }
}
