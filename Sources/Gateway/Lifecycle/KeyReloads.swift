internal import Reactor

/// Reads the key file again when it has changed.
///
/// It is replaced as a whole, so there is no need to wait until its writer is done, as with the configuration.
final class KeyReloads {
  /// The shortest time between two reads.
  private static let pause = Duration.milliseconds(100)

  private let reactor: Reactor
  private var store: KeyStore?
  private var known: FileWatch.Stamp?
  private var isDue = false
  private var isRunning = false

  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Uses a key file from here on. Call it before the loop runs: it may wait for a disk.
  ///
  /// - Parameter stamp: That of the file before it was read at the start, so that no change is missed.
  func watch(_ store: KeyStore, since stamp: FileWatch.Stamp?) throws(SystemError) {
    try reactor.watch(store.checks)
    if let file = store.file { try reactor.watch(file) }
    known = stamp
    self.store = store
    schedule()
  }

  /// Something has changed in the file's folder: the file is checked soon.
  func schedule() {
    guard store != nil, !isDue else { return }
    isDue = true
    _ = reactor.setTimer(at: reactor.now + Self.pause, tag: TimerKind.keyFile.tag)
  }

  /// Checks whether the file has changed.
  func check() {
    isDue = false
    guard let store else { return }
    if isRunning { return schedule() }
    // Without a thread the check is made later.
    do throws(SystemError) { try store.checkSoon(since: known) } catch { return schedule() }
    isRunning = true
  }

  /// Takes the keys that were read, or the reason why they cannot be; `nil` if the file has not changed.
  func take() -> Result<KeyRing, KeyError>? {
    guard let checks = store?.checks.take() else { return nil }
    var keys: Result<KeyRing, KeyError>?
    for check in checks {
      isRunning = false
      known = check.stamp
      keys = check.keys ?? keys
    }
    return keys
  }
}

@available(*, unavailable)
extension KeyReloads: Sendable {}
