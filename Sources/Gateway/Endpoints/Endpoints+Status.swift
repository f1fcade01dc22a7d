internal import Reactor

/// `GET /v1/status`: the state of the gateway and the lag of its loop, for `hoosh info --server`.
extension Endpoints {
  func respondStatus(_ connection: Connection) {
    let capacity = connections.capacity
    let waiting = reactor.waitingBytes
    let lag = reactor.loopLag
    var out: [UInt8] = []
    out.append("{\"object\":\"status\",\"version\":\"\(Gateway.version)\"")
    out.append(",\"uptime_seconds\":\((reactor.now - began).tenths)")
    out.append(",\"draining\":\(connections.isDraining)")
    out.append(",\"clients\":")
    Self.append(
      [
        ("open", reactor.clientCount), ("max", capacity.clientsMax), ("accepted", capacity.accepted),
        ("refused", capacity.rejected),
      ], to: &out)
    out.append(",\"transfers\":")
    Self.append(
      [
        ("open", reactor.transferCount), ("resolving", reactor.transfersResolving), ("multis", reactor.multiCount),
        ("started", reactor.transfersStarted), ("repeated", reactor.requestsRepeated),
      ], to: &out)
    out.append(",\"descriptors\":")
    Self.append(
      [
        ("clients", reactor.clientCount), ("upstreams", reactor.upstreamSockets),
        ("max", Reactor.descriptorsMax),
      ], to: &out)
    out.append(",\"bytes\":")
    Self.append(
      [
        ("input", waiting.input), ("output", waiting.output),
        ("bodies", capacity.bodyBytes), ("bodies_max", capacity.bodiesBytesMax),
        ("exchanges", capacity.exchangeBytes),
        ("requests", reactor.waitingRequestBytes), ("responses", reactor.waitingResponseBytes),
        ("resident", reactor.residentBytes),
        ("memory_max", capacity.memoryBytesMax),
      ], to: &out)
    if let ledger = recorder.ledger {
      out.append(",\"ledger\":{")
      Writer.member("state", ledger.state, to: &out)
      if let failure = ledger.failure { Writer.member("error", "\(failure)", to: &out) }
      Writer.member("waiting", ledger.waiting, to: &out)
      Writer.member("open_rows_given_up", ledger.openRowsGivenUp, to: &out)
      Writer.member("rows_given_up", ledger.rowsGivenUp, to: &out)
      out.append("}")
    }
    out.append(",\"loop\":{\"turns\":\(reactor.turnCount),\"lag_us\":")
    Self.append(Self.microseconds(lag.own), to: &out)
    out.append(",\"lag_with_scheduler_us\":")
    Self.append(Self.microseconds(lag.all), to: &out)
    out.append("}}\n")
    connections.reply(connection, 200, out)
  }

  private static func append(_ members: [(name: StaticString, value: Int)], to out: inout [UInt8]) {
    for (index, member) in members.enumerated() {
      out.append(index == 0 ? "{\"" : ",\"")
      out.append(member.name)
      out.append("\":")
      out.append(decimal: member.value)
    }
    out.append("}")
  }

  private static func microseconds(_ histogram: Histogram) -> [(name: StaticString, value: Int)] {
    let shares: [(StaticString, Double)] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)]
    return shares.map { ($0.0, Int(histogram.percentile($0.1) / 1000)) } + [("max", Int(histogram.max / 1000))]
  }
}

extension Duration {
  /// Seconds with one decimal.
  fileprivate var tenths: String {
    let tenths = self / .milliseconds(100)
    return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
  }
}
