/// Pools of tokens: requests name them, and callers that spend tokens elsewhere reserve in them.
extension Admission {
  /// A pool's tokens.
  struct PoolState: Equatable {
    var name: String
    var capacity: UInt64
    var used: UInt64
    var reserved: UInt64
    var available: UInt64
  }

  /// The pool of a request that names none.
  static let defaultPool = "default"

  /// Returns the allowance of the pool that a caller names; that of `default` if it names none, and `nil` if there is none.
  func pool(_ name: String?, for caller: Caller) throws(APIError) -> Int? {
    guard let index = pools.firstIndex(where: { $0.name == name ?? Self.defaultPool }) else {
      if name == nil { return nil }
      throw APIError(
        400, .invalidValue, "There is no pool of this name. GET /v1/tokens/pools lists those that there are.",
        param: "pool")
    }
    if mayUse(pool: index, caller) { return pools[index].number }
    if name == nil { return nil }
    throw APIError(403, .permissionDenied, "The key `\(caller.name)` may not use this pool.", param: "pool")
  }

  private func mayUse(pool index: Int, _ caller: Caller) -> Bool {
    guard let rule = table.rows[pools[index].number].rule else { return false }
    return rules[rule].isFor(caller.name)
  }

  func giveBackExpired(at now: Instant) {
    for released in reservations.takeExpired(at: now) {
      table.giveBack(released.pool, released.tokens, isOver: true)
    }
  }

  private func state(_ number: Int, _ name: String, at now: Instant) -> PoolState {
    table.advance(number, to: now)
    let allowance = table.rows[number].allowance
    return PoolState(
      name: name, capacity: allowance.limit, used: allowance.used, reserved: allowance.held,
      available: allowance.available)
  }

  /// The pools that a caller may use.
  func poolStates(for caller: Caller, at now: Instant) -> [PoolState] {
    giveBackExpired(at: now)
    return pools.indices.filter { mayUse(pool: $0, caller) && table.rows[pools[$0].number].unit == .tokens }.map {
      state(pools[$0].number, pools[$0].name, at: now)
    }
  }

  /// Returns a pool that a caller names; `nil` if there is none that it may use.
  func poolState(_ name: String, for caller: Caller, at now: Instant) -> PoolState? {
    poolStates(for: caller, at: now).first { $0.name == name }
  }

  /// Reserves tokens in a pool, and returns whether they were available; `nil` if there is no such pool for the caller.
  ///
  /// - Throws: If there are too many reservations.
  func reserve(
    _ tokens: UInt64, in name: String, for caller: Caller, at now: Instant
  ) throws(APIError) -> (isReserved: Bool, PoolState)? {
    guard let state = poolState(name, for: caller, at: now),
      let number = pools.first(where: { $0.name == name })?.number
    else { return nil }
    if tokens > state.available { return (false, state) }
    if reservations.isFull {
      throw APIError(
        429, .rateLimitExceeded,
        "There are \(Reservations.countMax) reservations. Report those that are used up with /v1/tokens/report.",
        retryAfter: 60)
    }
    if tokens > 0 {
      table.hold(number, tokens)
      reservations.add(tokens, pool: number, caller: caller.id, at: now)
    }
    return (true, self.state(number, name, at: now))
  }

  /// Replaces reserved tokens of a caller by those that it used; `nil` if there is no such pool for it.
  func report(
    _ reserved: UInt64, used: UInt64, in name: String, for caller: Caller, at now: Instant
  ) -> PoolState? {
    guard poolState(name, for: caller, at: now) != nil,
      let number = pools.first(where: { $0.name == name })?.number
    else { return nil }
    for released in reservations.take(reserved, pool: number, caller: caller.id) {
      table.giveBack(number, released.tokens, isOver: released.isOver)
    }
    table.use(number, used, at: now)
    alertIfPassed(number)
    return state(number, name, at: now)
  }
}
