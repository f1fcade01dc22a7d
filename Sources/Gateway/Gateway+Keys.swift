public import Reactor

/// The keys of the key file: what a change of them means for callers.
extension Gateway {
  /// Reads the key file again when it has changed. Call it before the loop runs: it may wait for a disk.
  ///
  /// - Parameter stamp: That of the file before its keys were read for `init`.
  public func watchKeys(_ store: KeyStore, since stamp: FileWatch.Stamp?) throws(SystemError) {
    try keyFileWork.watch(store, since: stamp)
  }

  /// Files were changed: perhaps that of the configuration, perhaps that of the keys.
  func checkFiles() {
    reloads.scheduleFileCheck()
    keyFileWork.scheduleCheck()
  }

  /// Takes what threads have done with the key file: keys that were read, and orders that were carried out.
  func takeKeyWork() {
    for result in keyFileWork.take() {
      switch result {
      case .keys(let read):
        do throws(KeyError) {
          let ring = try read.get()
          try useIfPossible(ring)
          keyFileWork.succeeded()
          recorder.notify("hoosh: the key file was read again (\(ring.count) \(ring.count == 1 ? "key" : "keys"))")
        } catch {
          if keyFileWork.failed("\(error)") { recorder.notify("hoosh: \(error); the previous keys stay in use") }
        }
      case .performed(let connection, let order, let result):
        endpoints.keyOrderEnded(
          connection, order,
          result.flatMap { performed in
            // Before the response, so that the change has its effect when the caller knows of it.
            Result { () throws(KeyError) in
              if let ring = performed.ring { try useIfPossible(ring) }
              return performed
            }
          })
      }
    }
  }

  /// Uses other keys of the key file, unless the configuration has a key of the same name.
  private func useIfPossible(_ ring: KeyRing) throws(KeyError) {
    if let name = ring.conflict(with: settings.configuration) {
      throw KeyError(.conflict, "`\(name)` is the name of a key in the configuration and in the key file")
    }
    hold(ring)
  }

  /// Uses other keys of the key file from here on.
  func hold(_ ring: KeyRing) {
    let before = settings.keys.ring
    use(settings.holding(ring), isSameConfiguration: true)
    // Releasing 100,000 keys takes milliseconds, so a thread does it, as a rule the last to hold them.
    try? Worker.start { withExtendedLifetime(before) {} }
  }

  /// Ends the requests that wait, and the subscriptions, of callers whose key was revoked. Answers that arrive go on.
  func endRevoked() {
    var revoked: [Connection] = []
    for connection in connections.open {
      guard let request = connection.request, let id = request.caller.id, !settings.keys.holds(id) else { continue }
      request.isRevoked = true
      revoked.append(connection)
    }
    // After all are marked, because the end of one may begin an attempt for another that shares its answer.
    for connection in revoked {
      if let exchange = connection.exchange {
        relay.keyRevoked(exchange)
      } else if connection.subscription != nil {
        endpoints.endSubscription(connection, .rejected)
      } else if connection.phase == .body || keyFileWork.cancel(connection) {
        connections.reject(connection, .keyRevoked)
      }
    }
  }
}
