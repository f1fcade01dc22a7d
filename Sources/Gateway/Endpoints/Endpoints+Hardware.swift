internal import Probe
internal import Reactor

/// `/v1/hardware` and the paths below it.
extension Endpoints {
  func respondHardware(_ connection: Connection, _ endpoint: HardwareAPI.Endpoint) {
    hardware?.refreshIfStale(now: reactor.now)
    guard let snapshot = hardware?.snapshot else {
      return connections.reject(
        connection, APIError(503, .overloaded, "The machine is still being scanned. Retry later.", retryAfter: 1))
    }
    switch HardwareAPI.answer(endpoint, connection.body, snapshot) {
    case .json(let body): connections.reply(connection, 200, body + [0x0a])
    case .refused(let message, let param):
      connections.reject(connection, APIError(400, .invalidValue, message, param: param))
    }
  }
}
