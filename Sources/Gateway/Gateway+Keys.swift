public import Reactor

/// The keys of the key file: what a change of them means for callers.
extension Gateway {
  /// Reads the key file again when it has changed. Call it before the loop runs: it may wait for a disk.
  ///
  /// - Parameter stamp: That of the file before its keys were read for `init`.
  public func watchKeys(_ store: KeyStore, since stamp: FileWatch.Stamp?) throws(SystemError) {
    try keyReloads.watch(store, since: stamp)
  }

  /// Files were changed: perhaps that of the configuration, perhaps that of the keys.
  func checkFiles() {
    reloads.scheduleFileCheck()
    keyReloads.schedule()
  }

  /// Uses the keys of the key file that were read, if they can be used.
  func takeKeys() {
    guard let read = keyReloads.take(), !connections.isDraining else { return }
    do throws(KeyError) {
      let ring = try read.get()
      if let name = ring.conflict(with: settings.configuration) {
        throw KeyError(.conflict, "`\(name)` is the name of a key in the configuration and in the key file")
      }
      hold(ring)
      recorder.notify("hoosh: the key file was read again (\(ring.count) \(ring.count == 1 ? "key" : "keys"))")
    } catch {
      recorder.notify("hoosh: \(error); the previous keys stay in use")
    }
  }

  /// Uses other keys of the key file from here on.
  func hold(_ ring: KeyRing) {
    let before = settings.keys.ring
    use(settings.holding(ring))
    // Releasing 100,000 keys takes milliseconds, so a thread does it, as a rule the last to hold them.
    try? Worker.start { withExtendedLifetime(before) {} }
  }

  /// Ends the requests that wait, and the subscriptions, of callers whose key was revoked. Answers that arrive go on.
  func endRevoked() {
    for connection in connections.open {
      guard let request = connection.request, let id = request.caller.id, !settings.keys.holds(id) else { continue }
      request.isRevoked = true
      if let exchange = connection.exchange {
        relay.keyRevoked(exchange)
      } else if connection.subscription != nil {
        endpoints.endSubscription(connection, .rejected)
      } else if connection.phase == .body {
        connections.reject(connection, .keyRevoked)
      }
    }
  }
}
