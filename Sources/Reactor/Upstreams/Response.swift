/// What has come back from an upstream so far, whatever carried it.
///
/// One object per running transfer, reused for the next: a class because libcurl's callbacks need an address.
public final class Response {
  /// The status of the final head; 0 before it.
  public internal(set) var status = 0

  /// Whether the final head is complete.
  public internal(set) var hasHead = false

  /// Body bytes not yet consumed.
  public internal(set) var body = Bytes()

  /// The fields of the final head; at most `headBytesMax`.
  var fields = ResponseFields()

  /// All bytes of heads, informational ones included.
  var headBytes = 0

  /// Whether the bytes so far broke a bound or the grammar; what the end will say.
  var fault: TransferError?

  /// Whether the transport is holding back because `body` is full.
  var isPaused = false

  /// Bytes of all heads of one response.
  static let headBytesMax = 64 * 1024

  /// Body bytes that may wait before the transport is paused; one read of libcurl's, 16 KiB, may be added to them.
  public static let bodyBytesMax = 24 * 1024

  /// The same where the transport cannot be paused: one paused stream would starve the others of its connection. More is
  /// an error.
  static let multiplexedBytesMax = 256 * 1024

  init() {}

  /// Makes ready for the next transfer.
  func reset() {
    status = 0
    hasHead = false
    body.clear()
    body.shrink()
    fields.removeAll()
    headBytes = 0
    fault = nil
    isPaused = false
  }

  /// The value of the first field of that name (given in lower case), without the spaces around it.
  public func field(_ name: StaticString) -> String? { fields.value(name) }

  /// Lends the name and the value of each field, in order: cheaper than asking for several by name.
  public func forEachField(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) { fields.forEach(body) }
}
