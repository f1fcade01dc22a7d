public import Reactor

/// The key file of a running gateway: reads it on a thread of its own.
public final class KeyStore: Sendable {
  /// Reads the file. It may block, and is called on a thread of its own.
  public typealias Load = @Sendable () -> Result<KeyFile, KeyError>

  /// The result of a check on a thread.
  struct Check: Sendable {
    let stamp: FileWatch.Stamp?
    /// The keys of the file; `nil` if it has not changed.
    let keys: Result<KeyRing, KeyError>?
  }

  let file: FileWatch?
  private let load: Load
  let checks: Mailbox<Check>

  /// A file that is read when it has changed, if it can be watched.
  public init(file: FileWatch?, _ load: @escaping Load) throws(SystemError) {
    self.file = file
    self.load = load
    checks = try Mailbox(weightMax: 8)
  }

  /// Reads the file on a thread of its own, unless it is as it was.
  func checkSoon(since known: FileWatch.Stamp?) throws(SystemError) {
    try Worker.start { [self] in
      // The stamp first, so that a change while the file is read is noticed.
      let stamp = file?.readStamp()
      checks.post(Check(stamp: stamp, keys: stamp == known ? nil : load().map { KeyRing($0) }))
    }
  }
}
