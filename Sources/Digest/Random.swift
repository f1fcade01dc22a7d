internal import COpenSSL

/// Unpredictable bytes, from libcrypto's generator.
public enum Random {
  /// Fills `bytes` with random ones. Traps if the system has no entropy, because nothing can continue safely.
  public static func fill(_ bytes: inout MutableSpan<UInt8>) {
    guard !bytes.isEmpty else { return }
    let isFilled = unsafe bytes.withUnsafeMutableBufferPointer { target in
      unsafe copenssl_random(target.baseAddress!, target.count)
    }
    precondition(isFilled, "libcrypto has no entropy")
  }

  /// Returns `count` random bytes. Traps as `fill` does.
  public static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    fill(&span)
    return bytes
  }
}
