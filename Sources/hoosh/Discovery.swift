import Gateway
import Reactor

/// Finds local model servers, for a gateway without a configuration file.
struct Discovery: Sendable {
  /// The time between two discoveries.
  static let interval = Duration.seconds(30)
  /// How long a server on this machine may take to accept a connection.
  private static let answerTime = Duration.milliseconds(50)

  /// The gateway's own ports, where it would find itself.
  let ownPorts: Set<UInt16>

  /// Returns the configuration with the servers that run now. May take a moment, so call it outside of the loop.
  func run() -> Configuration {
    let environment = Environment.variables
    var notes: [String] = []
    let servers = LocalServer.places(environment).filter { place in
      if place.isOnThisMachine, ownPorts.contains(place.port) {
        notes.append("hoosh: skipped \(place), because that is this gateway itself")
        return false
      }
      guard !place.isOnThisMachine || Self.answers(place) else {
        if let variable = place.variable {
          notes.append("hoosh: skipped \(place), which \(variable) names, because no server answers there")
        }
        return false
      }
      let reason = place.variable.map { ", which \($0) names" } ?? ""
      notes.append("hoosh: found \(place)\(reason)")
      return true
    }
    var configuration = Configuration.discovered(servers: servers, environment: environment)
    configuration.notes = notes + configuration.notes
    return configuration
  }

  private static func answers(_ place: LocalServer) -> Bool {
    let addresses = place.host == "localhost" ? ["127.0.0.1", "::1"] : [place.host]
    return addresses.compactMap { IPAddress($0) }.contains {
      Reactor.answers($0, port: place.port, within: answerTime)
    }
  }
}
