internal import COpenSSL

/// Unpredictable bytes, from libcrypto's generator.
public enum Random {
  /// Fills `bytes`. Traps when the system has no entropy to seed from: nothing safe could go on.
  public static func fill(_ bytes: inout MutableSpan<UInt8>) {
    guard !bytes.isEmpty else { return }
    let isFilled = unsafe bytes.withUnsafeMutableBufferPointer { target in
      unsafe copenssl_random(target.baseAddress!, target.count)
    }
    precondition(isFilled, "libcrypto has no entropy")
  }

  /// `count` bytes. Traps as `fill` does.
  public static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    fill(&span)
    return bytes
  }
}
