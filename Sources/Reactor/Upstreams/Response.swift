/// The response of an upstream so far, independent of the transport.
///
/// One object per running transfer, reused for later ones. A class, because libcurl's callbacks need a stable
/// address.
public final class Response {
  /// The status of the final head, or 0 before it arrives.
  public internal(set) var status = 0

  /// Whether the final head is complete.
  public internal(set) var hasHead = false

  /// The unread body bytes.
  public internal(set) var body = Bytes()

  /// The header fields of the final head.
  var fields = ResponseFields()

  /// The size of all heads, including informational ones, in bytes.
  var headBytes = 0

  /// The error found in the bytes so far, which the end of the transfer reports.
  var error: TransferError?

  /// Whether the transport is paused because `body` is full.
  var isPaused = false

  /// The size limit of all heads of one response, in bytes.
  static let headBytesMax = 64 * 1024

  /// The unread body bytes at which the transport is paused. One more read, 16 or 32 KiB, may follow.
  public static let bodyBytesMax = 24 * 1024

  /// The limit of unread body bytes where the transport cannot be paused, because one paused stream would block the
  /// others on its connection. More is an error.
  static let multiplexedBytesMax = 256 * 1024

  init() {}

  /// Prepares the object for the next transfer.
  func reset() {
    status = 0
    hasHead = false
    body.clear()
    body.shrink()
    fields.removeAll()
    headBytes = 0
    error = nil
    isPaused = false
  }

  /// Returns the value of the first field with a name (in lower case), without surrounding whitespace.
  public func field(_ name: StaticString) -> String? { fields.value(name) }

  /// Calls `body` with the name and the value of each field, in order. Cheaper than several lookups by name.
  public func forEachField(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) { fields.forEach(body) }
}
