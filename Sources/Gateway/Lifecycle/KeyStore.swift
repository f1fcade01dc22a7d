public import Reactor

/// The key file of a running gateway: reads and changes it on threads of their own.
public final class KeyStore: Sendable {
  /// Reads the file. It may block, and is called on a thread of its own.
  public typealias Load = @Sendable () -> Result<KeyFile, KeyError>
  /// Carries out an order, and returns the keys after it. The same holds for it.
  public typealias Perform = @Sendable (Request) -> Result<(file: KeyFile, outcome: KeyOrder.Outcome), KeyError>

  /// An order of a caller.
  public struct Request: Sendable {
    public let order: KeyOrder
    /// The names of keys in the configuration.
    public let reserved: Set<String>
    /// The time beyond which no key may be handed out; `nil` for none.
    public let expiryMax: Int64?
  }

  /// A result of a thread.
  enum Update: Sendable {
    /// The file was checked. `keys` are those of the file, or `nil` if it has not changed.
    case checked(FileWatch.Stamp?, keys: Result<KeyRing, KeyError>?)
    case performed(Result<Performed, KeyError>)
  }

  /// An order that was carried out.
  struct Performed: Sendable {
    /// The keys after a change; `nil` after a question.
    let ring: KeyRing?
    /// The response, which is the only text that has a new key.
    let body: [UInt8]
    /// The name of the key that was changed.
    let name: String
  }

  let file: FileWatch?
  private let load: Load
  private let perform: Perform
  let updates: Mailbox<Update>

  /// A file that is read when it has changed, if it can be watched, and that callers may change.
  public init(file: FileWatch?, load: @escaping Load, perform: @escaping Perform) throws(SystemError) {
    self.file = file
    self.load = load
    self.perform = perform
    updates = try Mailbox(weightMax: 8)
  }

  /// Reads the file on a thread of its own; unless it is to be read `always`, only if it is not as it was.
  func checkSoon(since known: FileWatch.Stamp?, always: Bool) throws(SystemError) {
    try Worker.start { [self] in
      // The stamp first, so that a change while the file is read is noticed.
      let stamp = file?.readStamp()
      updates.post(.checked(stamp, keys: stamp == known && !always ? nil : load().map { KeyRing($0) }))
    }
  }

  /// Carries out an order on a thread of its own.
  func performSoon(_ request: Request) throws(SystemError) {
    try Worker.start { [self] in
      updates.post(
        .performed(
          perform(request).map { file, outcome in
            Performed(
              ring: request.order.isChange ? KeyRing(file) : nil,
              body: request.order.isList ? outcome.listJSON : outcome.json, name: outcome.records.first?.name ?? "")
          }))
    }
  }
}
