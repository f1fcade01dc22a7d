internal import CLinux

/// What can be asked of a reactor about its listener and its clients.
extension Reactor {
  /// Listens on a literal address; returns the port, also when the system chose it.
  public func listen(address: String, port: UInt16) throws(SystemError) -> UInt16 {
    try watch(try Listener(address: address, port: port))
  }

  /// Listens on a socket that listens already, inherited from whoever started this process; returns its port.
  ///
  /// - Throws: when the descriptor is no listening stream socket.
  public func listen(inherited descriptor: CInt) throws(SystemError) -> UInt16 {
    try watch(try Listener(inherited: descriptor))
  }

  private func watch(_ listener: consuming Listener) throws(SystemError) -> UInt16 {
    let chosen = listener.port
    try poller.watch(listener.descriptor.raw, UInt32(LINUX_IN), Token(.listener, generation: 0, number: 0))
    self.listener = consume listener
    return chosen
  }

  /// Stops listening; connections that were accepted live on. Those that wait in the kernel's queue are accepted
  /// before, at most a queue full: closing the socket would break them.
  public func stopListening() {
    for _ in 0..<Listener.backlog {
      guard case .client(let descriptor, let address)? = listener.withBorrowed({ $0.accept() }) else { break }
      if let id = clients.add(descriptor, address, poller: poller) { adopted.append(id) }
    }
    listener = nil
  }

  /// The listening socket's descriptor, for a successor to inherit; `nil` when there is none.
  public var listenerDescriptor: CInt? { listener.withBorrowed { $0.descriptor.raw } }

  /// Takes over a connected stream socket, which is made non-blocking; the next turn tells it as accepted.
  ///
  /// - Throws: what epoll says of a descriptor that is none.
  public func adopt(_ descriptor: CInt) throws(SystemError) -> ClientID {
    let owned = try Descriptor(owning: descriptor, from: "adopt")
    _ = try SystemError.check(linux_unblock(owned.raw), "fcntl")
    guard let id = clients.add(owned, nil, poller: poller) else { throw SystemError("epoll_ctl add", 9) }
    adopted.append(id)
    return id
  }

  func watchListener(_ on: Bool) {
    let token = Token(.listener, generation: 0, number: 0)
    listener.withBorrowed { poller.change($0.descriptor.raw, on ? UInt32(LINUX_IN) : 0, token) }
  }

  /// The number of connected clients, those included that are only still to read their last answer.
  public var clientCount: Int { clients.count }

  /// Where a client is; `nil` for one without an address, as on a Unix socket, and for a stale name.
  public func address(of client: ClientID) -> IPAddress? { clients.table[.init(bits: client.bits)]?.address }

  /// Lends the client's waiting input; `nil` for a stale name.
  public func withInput<Result>(of client: ClientID, _ body: (Span<UInt8>) -> Result) -> Result? {
    clients.table[.init(bits: client.bits)].withBorrowed { body($0.incoming.readable) }
  }

  /// Bytes that wait, of all clients together: input for the gateway, and output for the clients.
  public var waitingBytes: (input: Int, output: Int) {
    var waiting = (input: 0, output: 0)
    for slot in clients.table.slots {
      guard let id = clients.table.id(at: slot) else { continue }
      waiting.input += clients.table[id]?.incoming.count ?? 0
      waiting.output += clients.table[id]?.outgoing.count ?? 0
    }
    return waiting
  }

  /// Gives back input that was read.
  public func consumeInput(of client: ClientID, _ count: Int) {
    clients.table[.init(bits: client.bits)]?.incoming.consume(count)
  }

  /// Gives the memory back that a client's input was in, where nothing of it waits.
  public func shrinkInput(of client: ClientID) {
    clients.table[.init(bits: client.bits)]?.incoming.shrink()
  }

  /// Stops or resumes reading from a client. Its hanging up is seen all the same.
  public func pauseInput(of client: ClientID, _ paused: Bool) {
    let id = Slots<Client>.ID(bits: client.bits)
    guard clients.table[id]?.isReadingPaused == !paused else { return }
    clients.table[id]?.isReadingPaused = paused
    clients.touch(id)
  }

  /// Queues output, which goes out at the end of the turn in one `send`.
  ///
  /// Returns how many bytes wait now; above `outputHighWater` the caller should send no more until `.writable`.
  @discardableResult
  public func send(_ bytes: Span<UInt8>, to client: ClientID) -> Int {
    clients.queue(bytes, for: .init(bits: client.bits))
  }

  /// Output above which a client counts as full, in bytes.
  public var outputHighWater: Int { clients.highWater }

  /// Output that waits for a client, in bytes.
  public func waitingOutput(of client: ClientID) -> Int {
    clients.table[.init(bits: client.bits)]?.outgoing.count ?? 0
  }

  /// Sends what is queued, then ends the connection so that the peer can read it all. No event follows.
  public func close(_ client: ClientID) {
    clients.close(.init(bits: client.bits), now: now, &deadlines)
  }

  /// Ends the connection at once, so that the peer sees it break; what the socket does not take is lost. No
  /// event follows.
  public func reset(_ client: ClientID) {
    let id = Slots<Client>.ID(bits: client.bits)
    _ = clients.table[id]?.flush()
    _ = clients.table[id].withBorrowed { linux_reset_on_close($0.descriptor.raw) }
    clients.drop(id, &deadlines)
  }
}
