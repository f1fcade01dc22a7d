/// The idle connections of each origin, the newest first.
extension PlainTransport {
  /// The connections to one origin.
  struct Pool {
    let origin: String
    let policy: AddressPolicy
    /// The slots of the newest and the oldest idle connection.
    var newest = -1
    var oldest = -1
    /// The address that was connected to last.
    var preferred: IPAddress?
  }

  /// The most idle connections of all pools together. An old one is closed for a newer one, whatever its pool.
  private static let idleMax = 4096
  /// The most connections that are closed in one turn because they are too old.
  private static let closedPerTurn = 64
  /// The reserve between the time that a server keeps an idle connection, and its use.
  private static let idleMargin = Duration.seconds(1)

  /// Returns the index of the pool whose connections a request may use. Credentials make no difference, because each request
  /// has its own.
  func pool(of request: UpstreamRequest) -> Int {
    for index in pools.indices where pools[index].policy == request.addresses {
      if pools[index].origin == request.target.origin { return index }
    }
    pools.append(Pool(origin: request.target.origin, policy: request.addresses))
    return pools.count - 1
  }

  /// Takes the newest idle connection, unless it is too old.
  func takeIdle(_ pool: Int, _ now: Duration) -> PlainConnection? {
    while let id = newest(pool), let connection = connections[id] {
      guard connection.expires > now else {
        close(connection)
        continue
      }
      unlink(connection)
      return connection
    }
    return nil
  }

  private func newest(_ pool: Int) -> Slots<PlainConnection>.ID? {
    pools[pool].newest < 0 ? nil : connections.id(at: pools[pool].newest)
  }

  /// Keeps a connection for the next request.
  func keep(
    _ connection: PlainConnection, _ idleMax: Duration, _ now: Duration, _ poller: borrowing Poller,
    _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    var time = idleMax
    if let told = connection.reader.idleMax { time = min(time, told - Self.idleMargin) }
    guard time > .zero else { return close(connection) }
    if idleCount >= Self.idleMax {
      let full = pools.indices.first { pools[$0].oldest >= 0 }
      guard let id = full.flatMap(oldest), let old = connections[id] else { return close(connection) }
      close(old)
    }
    connection.phase = .idle
    connection.expires = now + time
    let slot = Int(connection.token.number)
    let previous = pools[connection.pool].newest
    connection.older = previous
    connection.newer = -1
    if previous >= 0, let id = connections.id(at: previous) { connections[id]?.newer = slot }
    if previous < 0 { pools[connection.pool].oldest = slot }
    pools[connection.pool].newest = slot
    idleCount += 1
    align(connection, poller)
    scheduleSweep(at: connection.expires, &deadlines)
  }

  private func oldest(_ pool: Int) -> Slots<PlainConnection>.ID? {
    pools[pool].oldest < 0 ? nil : connections.id(at: pools[pool].oldest)
  }

  /// Takes a connection out of its pool's list.
  private func unlink(_ connection: PlainConnection) {
    guard connection.phase == .idle else { return }
    connection.phase = .busy
    idleCount -= 1
    if connection.newer >= 0, let id = connections.id(at: connection.newer) {
      connections[id]?.older = connection.older
    } else {
      pools[connection.pool].newest = connection.older
    }
    if connection.older >= 0, let id = connections.id(at: connection.older) {
      connections[id]?.newer = connection.newer
    } else {
      pools[connection.pool].oldest = connection.newer
    }
    connection.newer = -1
    connection.older = -1
  }

  /// Closes the idle connections that are too old, and schedules the next sweep.
  func closeExpired(_ now: Duration, _ deadlines: inout Deadlines<DeadlineOwner>) {
    sweep = nil
    var next: Duration?
    var closed = 0
    for pool in pools.indices {
      while let id = oldest(pool), let connection = connections[id] {
        if connection.expires > now || closed == Self.closedPerTurn {
          let time = max(connection.expires, now)
          next = min(next ?? time, time)
          break
        }
        closed += 1
        close(connection)
      }
    }
    if let next { scheduleSweep(at: next, &deadlines) }
  }

  private func scheduleSweep(at time: Duration, _ deadlines: inout Deadlines<DeadlineOwner>) {
    if let sweep {
      guard time < sweep.time else { return }
      deadlines.remove(sweep.id)
    }
    sweep = (deadlines.add(time, .idleConnections), time)
  }

  func close(_ connection: PlainConnection) {
    unlink(connection)
    connection.transfer = nil
    // The descriptor closes with the last reference.
    if let id = connections.id(at: Int(connection.token.number)), connections[id] === connection {
      _ = connections.remove(id)
    }
  }
}
