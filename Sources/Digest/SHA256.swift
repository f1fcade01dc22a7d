internal import COpenSSL

/// SHA-256 (FIPS 180-4) and HMAC-SHA256, by libcrypto.
public enum SHA256 {
  /// Returns the SHA-256 of `bytes`. Traps if libcrypto was built without it.
  public static func hash(_ bytes: Span<UInt8>) -> Digest256 {
    var digest = Digest256(bytes: InlineArray(repeating: 0))
    var out = digest.bytes.mutableSpan
    let isMade = unsafe bytes.withUnsafeBufferPointer { source in
      unsafe out.withUnsafeMutableBufferPointer { target in
        unsafe copenssl_sha256(source.baseAddress, source.count, target.baseAddress!)
      }
    }
    precondition(isMade, "libcrypto offers no SHA-256")
    return digest
  }

  /// Returns the HMAC-SHA256 (RFC 2104) of `bytes` with `key`. Traps if libcrypto was built without SHA-256.
  public static func authenticate(_ bytes: Span<UInt8>, key: Span<UInt8>) -> Digest256 {
    var digest = Digest256(bytes: InlineArray(repeating: 0))
    var out = digest.bytes.mutableSpan
    let isMade = unsafe bytes.withUnsafeBufferPointer { source in
      unsafe key.withUnsafeBufferPointer { secret in
        unsafe out.withUnsafeMutableBufferPointer { target in
          unsafe copenssl_hmac_sha256(
            secret.baseAddress, secret.count, source.baseAddress, source.count, target.baseAddress!)
        }
      }
    }
    precondition(isMade, "libcrypto offers no HMAC-SHA256")
    return digest
  }
}
