internal import Reactor

/// Long answers at the memory limit.
extension Relay {
  /// The time without a piece of the one answer that goes on at the memory limit, after which another one goes on.
  private static let collectingPause = Duration.seconds(1)

  /// Whether the next piece of a long answer has to wait, because the memory limit or its caller's share is reached. One
  /// answer at a time goes on even then, so that they all come to their end.
  func waitsForMemory(_ exchange: Exchange, _ connection: Connection) -> Bool {
    guard exchange.isCollectingLongAnswer, connections.lacksMemory(connection) else { return false }
    if exchange.client != collecting.client {
      if isCollecting {
        waitingForMemory.append(exchange.client)
        return true
      }
      collecting.client = exchange.client
    }
    collecting.at = reactor.now
    return false
  }

  /// Whether the answer that goes on at the memory limit has not ended, and pieces of it arrive.
  private var isCollecting: Bool {
    guard let connection = connections[number: collecting.client], let exchange = connection.exchange else {
      return false
    }
    return exchange.isCollectingLongAnswer && reactor.now - collecting.at < Self.collectingPause
  }

  /// Whether answers wait for memory.
  var isWaitingForMemory: Bool { !waitingForMemory.isEmpty }

  /// Goes on with the answers that wait for memory, as far as there is some.
  func resumeLongAnswers() {
    let waiting = waitingForMemory
    waitingForMemory = []
    for number in waiting {
      guard let exchange = connections[number: number]?.exchange, let transfer = exchange.fetch.attempt?.transfer
      else { continue }
      bodyReceived(TransferID(bits: transfer), exchange)
    }
  }
}
