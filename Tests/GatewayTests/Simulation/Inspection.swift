@testable import Gateway
@testable import Reactor

/// Looks at the gateway and its reactor after every turn.
struct Inspection {
  let gateway: Gateway
  let reactor: Reactor
  /// Whether the last turn had something to tell.
  private(set) var isBusy = false
  private(set) var waitingMax = 0
  private(set) var deadlinesMax = 0
  private var turns = 0
  /// The times since which transfers have no exchange, and since which only the reactor has a connection.
  private var lastBytesSince: [UInt64: Duration] = [:]
  private var letGoSince: [UInt64: Duration] = [:]
  private var clients: Set<ClientID> = []
  private var allowed: [ClientID: Int] = [:]
  /// Requests that were whole and that an exchange was there for.
  private(set) var awaited: Set<String> = []

  init(gateway: Gateway, reactor: Reactor) {
    self.gateway = gateway
    self.reactor = reactor
  }

  /// Allows a client's buffered output to reach a size that backpressure cannot prevent.
  mutating func allow(_ bytes: Int, _ client: ClientID) {
    allowed[client] = max(bytes, allowed[client] ?? 0)
  }

  func isKnown(_ client: ClientID) -> Bool { reactor.withInput(of: client) { _ in } != nil }

  /// Whether what a client sends now is for the gateway: it has not let go of the connection.
  func isHeard(_ client: ClientID) -> Bool {
    isKnown(client) && (gateway.connections[client] != nil || !clients.contains(client))
  }

  mutating func look(_ events: [Event], now: Duration) throws(Breach) {
    isBusy = !events.isEmpty
    var told = 0
    for event in events {
      switch event {
      case .accepted(let client): clients.insert(client)
      case .transferEnded(let transfer, _): if reactor.response(of: transfer) != nil { told += 1 }
      default: break
      }
    }
    if reactor.transferCount != gateway.transfers.count + told {
      throw Breach(.sameCount, "\(reactor.transferCount) run, \(gateway.transfers.count) are known, \(told) ended")
    }
    turns += 1
    // A long look costs as much as there are clients: it is taken as rarely as there are many.
    if turns % (1 + clients.count / 8) == 0 { try lookClosely(now) }
  }

  private mutating func lookClosely(_ now: Duration) throws(Breach) {
    var bodies = 0
    for connection in gateway.connections.open { try look(connection, &bodies) }
    try lookAtTransfers(now)
    for client in clients {
      let waiting = reactor.waitingOutput(of: client)
      waitingMax = max(waitingMax, waiting)
      let most = reactor.outputHighWater + Exchange.outputBytesMax + allowed[client, default: 0]
      if waiting > most {
        throw Breach(.outputBound, "\(waiting) bytes of at most \(most) wait for \(client.bits)")
      }
      if !isKnown(client) {
        clients.remove(client)
        letGoSince[client.bits] = nil
        if gateway.connections[client] != nil {
          throw Breach(.goneSoon, "the gateway has \(client.bits) alone")
        }
      } else if gateway.connections[client] == nil {
        let since = letGoSince[client.bits, default: now]
        letGoSince[client.bits] = since
        if now > since + Client.closingTime + Client.lingerTime { throw Breach(.goneSoon, "\(client.bits)") }
      }
    }
    if reactor.clientCount != clients.count {
      throw Breach(.goneSoon, "the reactor has \(reactor.clientCount) clients, not \(clients.count)")
    }
    try lookAtBounds(bodies)
  }

  private mutating func lookAtBounds(_ bodies: Int) throws(Breach) {
    let charged = gateway.connections.open.reduce(0) { $0 + $1.bodyCharge }
    if charged != gateway.connections.capacity.bodyBytes
      || max(charged, bodies) > gateway.connections.capacity.bodiesBytesMax
    {
      throw Breach(
        .bodiesBound, "\(bodies) bytes, \(charged) charged, \(gateway.connections.capacity.bodyBytes) counted")
    }
    let held = gateway.connections.open.reduce(0) { $0 + $1.exchangeCharge }
    let exact = gateway.connections.open.reduce(0) { $0 + ($1.exchange?.heldBytes ?? 0) }
    let waiting = reactor.waitingBytes
    if held != gateway.connections.capacity.exchangeBytes || held != exact
      || reactor.clientBytes != waiting.input + waiting.output
    {
      throw Breach(
        .memoryAccount, "\(exact) bytes held, \(held) charged; \(waiting) waiting, \(reactor.clientBytes) counted")
    }
    // A timer for each connection, a close timeout for each client, a step and an end for each transfer; and those of the
    // access log, the drain, the model lists, and the listener.
    let most = gateway.connections.count + reactor.clientCount + 2 * reactor.transferCount + 4
    if reactor.deadlines.count > most {
      throw Breach(.fewDeadlines, "\(reactor.deadlines.count) of at most \(most)")
    }
  }

  private mutating func look(_ connection: Connection, _ bodies: inout Int) throws(Breach) {
    bodies += connection.body.count + (connection.exchange?.fetch.body.count ?? 0)
    if connection.phase == .response, let request = connection.request {
      awaited.insert(request.options.requestID)
    }
    guard let exchange = connection.exchange else { return }
    let id = exchange.options.requestID
    if exchange.fetch.pause != nil {
      // While a large event or answer is translated, its attempt has not ended.
      if exchange.fetch.attempt != nil, !exchange.isTranslating {
        throw Breach(.oneOwner, "a pause with an attempt: \(id)")
      }
      return
    }
    if exchange.fetch.attempt == nil { throw Breach(.held, "no attempt: \(id)") }
    guard let bits = exchange.fetch.attempt?.transfer,
      case .exchange(let owner)? = gateway.transfers[TransferID(bits: bits)]
    else {
      throw Breach(.oneOwner, "an exchange without a transfer: \(id), \(exchange.phase)")
    }
    if owner !== exchange { throw Breach(.oneOwner, "two exchanges have \(bits)") }
    if exchange.phase == .over { throw Breach(.oneOwner, "an exchange that is over: \(id)") }
  }

  private mutating func lookAtTransfers(_ now: Duration) throws(Breach) {
    var still: [UInt64: Duration] = [:]
    for owner in gateway.transfers.owners {
      switch owner {
      case .exchange(let exchange):
        guard let connection = gateway.connections[number: exchange.client], connection.exchange === exchange,
          exchange.fetch.attempt?.transfer != nil
        else {
          throw Breach(.oneOwner, "the transfer of a connection that is gone")
        }
      case .modelList:
        if gateway.endpoints.modelLists.deadline == nil {
          throw Breach(.oneOwner, "a model list without a waiting request")
        }
      case .healthCheck: break
      case .question(let question):
        if gateway.connections[number: question.connection] == nil {
          throw Breach(.oneOwner, "the question of a connection that is gone")
        }
      case .detached(let transfer, _):
        let since = lastBytesSince[transfer.bits, default: now]
        still[transfer.bits] = since
        if now > since + Transfers.trailingBytesTimeout {
          throw Breach(.lastBytes, "\(transfer.bits) since \(since)")
        }
      }
    }
    lastBytesSince = still
  }

  func lookAtTheEnd() throws(Breach) {
    let left = [
      ("connections", gateway.connections.count), ("transfers", gateway.transfers.count),
      ("clients", reactor.clientCount), ("running transfers", reactor.transferCount),
      ("bytes of bodies", gateway.connections.capacity.bodyBytes),
      ("waiting for models", gateway.endpoints.modelLists.waiting.count),
      ("places at providers", gateway.dispatcher.balancer.concurrency.inFlight.reduce(0) { $0 + Int($1) }),
      ("waiting for a place", gateway.dispatcher.queue.count),
      ("deadlines", reactor.nextDeadline == nil ? 0 : 1),
    ]
    for (name, count) in left where count != 0 { throw Breach(.empty, "\(name): \(count)") }
  }
}
