internal import Reactor

/// `/v1/tokens/…`: the pools of tokens, and reservations in them by callers that spend tokens elsewhere.
extension Endpoints {
  /// A question about the pools.
  enum TokenQuestion: Equatable {
    case pools
    /// Whether a pool has tokens left.
    case check
    /// Reserves tokens.
    case reserve
    /// Reports what was used of reserved tokens.
    case report
  }

  func respondTokens(_ connection: Connection, _ request: AcceptedRequest, _ question: TokenQuestion) {
    let body = connection.body
    do throws(APIError) {
      let reply = try answer(question, body.span, request.caller) { used, pool in
        recorder.ledger?.report(used, in: pool, connections.record(of: request, connection), at: reactor.wallClock)
      }
      connections.reply(connection, 200, reply)
    } catch {
      connections.reject(connection, error)
    }
  }

  private func answer(
    _ question: TokenQuestion, _ body: Span<UInt8>, _ caller: Caller, reported: (UInt64, String) -> Void
  ) throws(APIError) -> [UInt8] {
    let now = reactor.instant
    if question == .pools { return pools(admission.poolStates(for: caller, at: now)) }
    let fields = JSONLists.members(of: JSONLists.root(body), in: body)
    let name = fields.value("pool", in: body)?.string(in: body) ?? Admission.defaultPool
    var out: [UInt8] = Array("{".utf8)
    switch question {
    case .pools: break
    case .check:
      let tokens = try Self.tokens("tokens", fields, body)
      guard let state = admission.poolState(name, for: caller, at: now) else { throw Self.unknownPool(name) }
      Writer.member("allowed", tokens <= state.available, to: &out)
      Writer.member("available", Int(clamping: state.available), to: &out)
    case .reserve:
      let tokens = try Self.tokens("tokens", fields, body)
      guard let (isReserved, state) = try admission.reserve(tokens, in: name, for: caller, at: now) else {
        throw Self.unknownPool(name)
      }
      Writer.member("reserved", isReserved, to: &out)
      Writer.member("available", Int(clamping: state.available), to: &out)
      Writer.member("expires_in_secs", Int(Reservations.timeMax / 1_000_000_000), to: &out)
    case .report:
      let reserved = try Self.tokens("reserved", fields, body)
      let used = try Self.tokens("actual", fields, body)
      guard let state = admission.report(reserved, used: used, in: name, for: caller, at: now) else {
        throw Self.unknownPool(name)
      }
      reported(used, name)
      Writer.member("used", Int(clamping: state.used), to: &out)
      Writer.member("available", Int(clamping: state.available), to: &out)
    }
    out.append("}\n")
    return out
  }

  private func pools(_ states: [Admission.PoolState]) -> [UInt8] {
    var out: [UInt8] = Array("[".utf8)
    for state in states {
      Writer.separate(&out)
      out.append("{")
      Writer.member("name", state.name, to: &out)
      Writer.member("capacity", Int(clamping: state.capacity), to: &out)
      Writer.member("used", Int(clamping: state.used), to: &out)
      Writer.member("reserved", Int(clamping: state.reserved), to: &out)
      Writer.member("available", Int(clamping: state.available), to: &out)
      out.append("}")
    }
    out.append("]\n")
    return out
  }

  /// Returns a number of tokens of a request.
  static func tokens(_ name: StaticString, _ fields: [Member], _ body: Span<UInt8>) throws(APIError) -> UInt64 {
    guard let value = fields.value(name, in: body) else {
      throw APIError(400, .missingField, "The field `\(name)` is missing.", param: "\(name)")
    }
    guard let tokens = value.integer(in: body), (0...Int64(Usage.tokensMax)).contains(tokens) else {
      throw .invalid("\(name)", "must be a whole number of tokens from 0 to \(Usage.tokensMax)")
    }
    return UInt64(tokens)
  }

  private static func unknownPool(_ name: String) -> APIError {
    APIError(
      404, .notFound,
      "There is no pool `\(name.prefix(64))` that you may use. GET /v1/tokens/pools lists those that there are; [[budgets]] makes them.",
      param: "pool")
  }
}
