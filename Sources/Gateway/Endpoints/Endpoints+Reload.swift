internal import Reactor

/// `POST /v1/admin/reload`: the response comes when the configuration was read.
extension Endpoints {
  func respondReload(_ connection: Connection) {
    guard reloads.hasSource else {
      return connections.reject(
        connection,
        APIError(
          400, .invalidValue, "The gateway was started without a configuration file, so there is nothing to reload."
        ))
    }
    reloads.start(for: connection)
  }

  /// Whether a caller waits for the result of a reload.
  var isReloadAwaited: Bool { reloads.isAwaited }

  /// A reload ended; `failure` says why the configuration was not applied. `needsRestart` are the keys whose new values
  /// take a restart, and `notes` what else the operator should know.
  func reloadEnded(_ failure: ReloadFailure?, needsRestart keys: [String], notes: [String] = []) {
    recorder.publish(.reload, at: reactor.wallClock) {
      Writer.member("ok", failure == nil, to: &$0)
      if let failure {
        Writer.member("error", String(failure.publicReason.prefix(2000)), to: &$0)
      } else if !keys.isEmpty {
        Writer.member("needs_restart", keys, to: &$0)
      }
    }
    if let failure {
      recorder.notify("hoosh: reload failed; the previous configuration stays in use\n\(failure.reason)")
    } else {
      let rest = keys.isEmpty ? "" : "; a restart is needed for \(keys.joined(separator: ", "))"
      recorder.notify("hoosh: the configuration was reloaded\(rest)")
      for note in notes { recorder.notify(note) }
    }
    for connection in reloads.takeWaiting() where connections.isOpen(connection) {
      if let failure {
        connections.reject(
          connection,
          APIError(
            400, .invalidValue,
            "The reload failed; the previous configuration stays in use. \(failure.publicReason)"))
      } else {
        var body: [UInt8] = Array("{".utf8)
        Writer.member("status", "reloaded", to: &body)
        if !keys.isEmpty { Writer.member("needs_restart", keys, to: &body) }
        body += Array("}\n".utf8)
        connections.reply(connection, 200, body)
      }
    }
  }
}
