internal import CCurl
internal import CLinux
internal import Glibc

/// The process-wide state of libcurl.
public enum CurlLibrary {
  private static let started: Bool =
    unsafe curl_global_init_mem(
      Int(CURL_GLOBAL_ALL), counted_malloc, counted_free, counted_realloc, counted_strdup, counted_calloc)
    == CURLE_OK

  /// Initializes libcurl, once per process.
  static func start() { precondition(started, "libcurl did not start") }

  /// The address of the trusted certificates, or zero if they could not be read.
  ///
  /// `SSL_CERT_FILE` takes the place of the system's file, and `SSL_CERT_DIR` names folders in addition, as for OpenSSL's
  /// own programs. If what they name cannot be read, nothing is trusted: the system's certificates were not meant.
  static var trusted: UInt { trust.store }

  /// Why no certificate is trusted, as a sentence, or `nil` if some are.
  public static var trustError: String? { trust.error }

  private static let trust: (store: UInt, error: String?) = {
    let (file, folders) = (variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"))
    let store = unsafe UInt(bitPattern: curl_tls_read_trusted(file, folders))
    guard store == 0, file != nil || folders != nil else { return (store, nil) }
    let names = [file.map { "SSL_CERT_FILE (\($0))" }, folders.map { "SSL_CERT_DIR (\($0))" }].compactMap { $0 }
    return (
      unsafe UInt(bitPattern: curl_tls_trust_nothing()),
      "no certificate is trusted, because those of \(names.joined(separator: " and ")) cannot be read"
    )
  }()

  /// Returns the value of an environment variable. An empty one counts as unset.
  private static func variable(_ name: String) -> String? {
    let value = unsafe getenv(name).map { unsafe String(cString: $0) }
    return value?.isEmpty == false ? value : nil
  }

  /// The address of a list of header fields that libcurl must not write itself, for all handles (see `HeadText`).
  /// The list is never freed.
  static let suppressed: UInt = {
    var list: UnsafeMutablePointer<curl_slist>?
    for name in HeadText.suppressed { unsafe list = curl_slist_append(list, name) }
    return UInt(bitPattern: list)
  }()

  /// Reads the trusted certificates. This takes time, so call it before the loop starts.
  public static func prepareTLS() {
    start()
    _ = trusted
  }

  /// The number of allocations that libcurl has made on this thread.
  public static var allocations: Int { Int(counted_allocations_of_this_thread()) }

  /// The version of libcurl, such as `7.88.1`.
  public static var version: String {
    let info = unsafe curl_version_info(CURLVERSION_TENTH)
    return unsafe String(cString: info!.pointee.version)
  }
}
