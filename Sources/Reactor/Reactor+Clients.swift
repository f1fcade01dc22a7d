internal import CLinux

/// The listener and the clients.
extension Reactor {
  /// Listens on a literal address. Returns the port, also if the system chose it.
  public func listen(address: String, port: UInt16) throws(SystemError) -> UInt16 {
    try watch(try Listener(address: address, port: port))
  }

  /// Listens on an inherited socket that is already listening. Returns its port.
  ///
  /// - Throws: If the descriptor is not a listening stream socket.
  public func listen(inherited descriptor: CInt) throws(SystemError) -> UInt16 {
    try watch(try Listener(inherited: descriptor))
  }

  /// Listens on a second literal address, whose clients `isOfSecondListener` tells apart. Returns the port.
  public func listenSecond(address: String, port: UInt16) throws(SystemError) -> UInt16 {
    let listener = try Listener(address: address, port: port)
    let chosen = listener.port
    let token = Token(.listener, generation: 0, number: Self.secondListenerNumber)
    try poller.watch(listener.descriptor.raw, UInt32(LINUX_IN), token)
    secondListener = consume listener
    return chosen
  }

  /// The port of the second listening socket, or `nil` if there is none.
  public var secondListenerPort: UInt16? { secondListener.withBorrowed { $0.port } }

  /// The number of the second listening socket in its token; that of the first is 0.
  static var secondListenerNumber: UInt32 { 1 }

  /// Returns whether a client has connected to the second address. False for a stale ID.
  public func isOfSecondListener(_ client: ClientID) -> Bool {
    clients.table[.init(bits: client.bits)]?.isOfSecondListener ?? false
  }

  /// Accepts the next connection of a listening socket, if there is one.
  func accept(second isSecond: Bool) -> Listener.Accepted? {
    if isSecond { return secondListener.withBorrowed { $0.accept() } }
    return listener.withBorrowed { $0.accept() }
  }

  /// Adds an accepted connection.
  func add(_ descriptor: consuming Descriptor, _ address: IPAddress?, second isSecond: Bool) -> ClientID? {
    guard let id = clients.add(descriptor, address, poller: poller) else { return nil }
    if isSecond { clients.table[.init(bits: id.bits)]?.isOfSecondListener = true }
    return id
  }

  private func watch(_ listener: consuming Listener) throws(SystemError) -> UInt16 {
    let chosen = listener.port
    try poller.watch(listener.descriptor.raw, UInt32(LINUX_IN), Token(.listener, generation: 0, number: 0))
    self.listener = consume listener
    return chosen
  }

  /// Stops listening. Accepted connections stay open. Connections in the kernel's queue, at most a full backlog, are
  /// accepted first, because closing the socket would reset them.
  public func stopListening() {
    for isSecond in [false, true] {
      for _ in 0..<Listener.backlog {
        guard case .client(let descriptor, let address)? = accept(second: isSecond) else { break }
        if let id = add(descriptor, address, second: isSecond) { adopted.append(id) }
      }
    }
    listener = nil
    secondListener = nil
  }

  /// The descriptor of the listening socket, which a successor inherits, or `nil` if there is none.
  public var listenerDescriptor: CInt? { listener.withBorrowed { $0.descriptor.raw } }

  /// The address that the listening socket is really bound to, wherever it came from. `nil` if there is no listening
  /// socket, or if it has no address, as a Unix socket.
  public var listenerAddress: IPAddress? { listener.withBorrowed { $0.address } ?? nil }

  /// The port of the listening socket, or `nil` if there is none.
  public var listenerPort: UInt16? { listener.withBorrowed { $0.port } }

  /// Takes ownership of a connected stream socket and makes it non-blocking. The next turn reports it as accepted.
  ///
  /// - Throws: The error of epoll if the descriptor is invalid.
  public func adopt(_ descriptor: CInt) throws(SystemError) -> ClientID {
    let owned = try Descriptor(owning: descriptor, from: "adopt")
    _ = try SystemError.check(linux_unblock(owned.raw), "fcntl")
    guard let id = clients.add(owned, nil, poller: poller) else { throw SystemError("epoll_ctl add", 9) }
    adopted.append(id)
    return id
  }

  /// Starts or stops accepting connections.
  func watchListeners(_ on: Bool) {
    let interest = on ? UInt32(LINUX_IN) : 0
    let token = Token(.listener, generation: 0, number: 0)
    listener.withBorrowed { poller.change($0.descriptor.raw, interest, token) }
    let second = Token(.listener, generation: 0, number: Self.secondListenerNumber)
    secondListener.withBorrowed { poller.change($0.descriptor.raw, interest, second) }
  }

  /// The number of connected clients, including those that are only reading their last response.
  public var clientCount: Int { clients.count }

  /// Returns a client's address, or `nil` if it has none (as on a Unix socket) or the ID is stale.
  public func address(of client: ClientID) -> IPAddress? { clients.table[.init(bits: client.bits)]?.address }

  /// Calls `body` with the client's unread input. Returns `nil` if the ID is stale.
  public func withInput<Result>(of client: ClientID, _ body: (Span<UInt8>) -> Result) -> Result? {
    clients.table[.init(bits: client.bits)].withBorrowed { body($0.incoming.readable) }
  }

  /// The unread input and the pending output of all clients, in bytes. Unlike `waitingBytes`, it is kept up to date, and
  /// so costs nothing to read.
  public var clientBytes: Int { clients.waitingBytes }

  /// The unread input and the pending output of all clients, in bytes, summed up at each call.
  public var waitingBytes: (input: Int, output: Int) {
    var waiting = (input: 0, output: 0)
    for slot in clients.table.slots {
      guard let id = clients.table.id(at: slot) else { continue }
      waiting.input += clients.table[id]?.incoming.count ?? 0
      waiting.output += clients.table[id]?.outgoing.count ?? 0
    }
    return waiting
  }

  /// Puts a client into a group, under which its bytes are summed up even while it is closing. Clients are in group 0 at
  /// first.
  public func setGroup(of client: ClientID, _ group: Int) {
    clients.table[.init(bits: client.bits)]?.group = group
  }

  /// The unread input and the pending output of each group of clients, in bytes, summed up at each call.
  public var waitingBytesByGroup: [Int: Int] {
    var sums: [Int: Int] = [:]
    for slot in clients.table.slots {
      guard let id = clients.table.id(at: slot) else { continue }
      let (count, group) =
        clients.table[id].withBorrowed { ($0.incoming.count + $0.outgoing.count, $0.group) } ?? (0, 0)
      if count > 0 { sums[group, default: 0] += count }
    }
    return sums
  }

  /// Removes input that was read.
  public func consumeInput(of client: ClientID, _ count: Int) {
    clients.consumeInput(.init(bits: client.bits), count)
  }

  /// Releases the memory of a client's input if none of it is unread.
  public func shrinkInput(of client: ClientID) {
    clients.table[.init(bits: client.bits)]?.incoming.shrink()
  }

  /// Pauses or resumes reading from a client. A disconnect is still reported.
  public func pauseInput(of client: ClientID, _ paused: Bool) {
    let id = Slots<Client>.ID(bits: client.bits)
    guard clients.table[id]?.isReadingPaused == !paused else { return }
    clients.table[id]?.isReadingPaused = paused
    clients.touch(id)
  }

  /// Queues output, which is sent at the end of the turn in one `send`.
  ///
  /// Returns the number of pending bytes. Above `outputHighWater` the caller should send no more until `.writable`.
  @discardableResult
  public func send(_ bytes: Span<UInt8>, to client: ClientID) -> Int {
    clients.queue(bytes, for: .init(bits: client.bits))
  }

  /// The high-water mark of each client's pending output, in bytes.
  public var outputHighWater: Int { clients.highWater }

  /// Returns a client's pending output, in bytes.
  public func waitingOutput(of client: ClientID) -> Int {
    clients.table[.init(bits: client.bits)]?.outgoing.count ?? 0
  }

  /// Sends the pending output, then ends the connection so that the peer can read everything. No event follows.
  public func close(_ client: ClientID) {
    clients.close(.init(bits: client.bits), now: now, &deadlines)
  }

  /// Resets the connection, so that the peer sees it break. Output that the socket does not accept is lost. No event
  /// follows.
  public func reset(_ client: ClientID) {
    let id = Slots<Client>.ID(bits: client.bits)
    _ = clients.table[id]?.flush()
    _ = clients.table[id].withBorrowed { linux_reset_on_close($0.descriptor.raw) }
    clients.drop(id, &deadlines)
  }
}
