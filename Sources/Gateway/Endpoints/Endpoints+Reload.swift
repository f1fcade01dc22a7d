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

  /// A reload ended; `failure` says why the configuration was not applied.
  func reloadEnded(_ failure: String?) {
    recorder.publish(.reload, at: reactor.wallClock) {
      Writer.member("ok", failure == nil, to: &$0)
      if let failure { Writer.member("error", String(failure.prefix(2000)), to: &$0) }
    }
    for connection in reloads.takeWaiting() where connections.isOpen(connection) {
      if let failure {
        connections.reject(
          connection,
          APIError(400, .invalidValue, "The reload failed; the previous configuration stays in use. \(failure)"))
      } else {
        connections.reply(connection, 200, "{\"status\":\"reloaded\"}\n")
      }
    }
  }
}
