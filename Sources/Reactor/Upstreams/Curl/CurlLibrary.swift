internal import CCurl
internal import CLinux

/// The process-wide state of libcurl.
public enum CurlLibrary {
  private static let started: Bool =
    unsafe curl_global_init_mem(
      Int(CURL_GLOBAL_ALL), counted_malloc, counted_free, counted_realloc, counted_strdup, counted_calloc)
    == CURLE_OK

  /// Initializes libcurl, once per process.
  static func start() { precondition(started, "libcurl did not start") }

  /// The address of the trusted certificates, or zero if they could not be read.
  static let trusted: UInt = unsafe UInt(bitPattern: curl_tls_read_trusted())

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
