internal import CLinux

/// All accepted connections: receiving, queueing, flushing, and closing.
///
/// A struct inside the reactor. It never calls the gateway; it appends events instead.
struct Clients: ~Copyable {
  /// The high-water mark of each client's pending output, in bytes.
  let highWater: Int
  /// The output at which a client above the high-water mark becomes writable again, in bytes.
  private var lowWater: Int { highWater / 4 }

  private var buffer = ReceiveBuffer()
  /// The number of bytes received since the start.
  var receivedBytes: Int { buffer.receivedBytes }
  var table = Slots<Client>()
  /// The unread input and the pending output of all clients, in bytes.
  private(set) var waitingBytes = 0
  /// The clients whose output or interest has changed since the last flush.
  private var dirty: [Slots<Client>.ID] = []

  init(highWater: Int) { self.highWater = highWater }

  var count: Int { table.count }

  /// Adds an accepted connection and watches it. Returns its ID, or `nil` if epoll rejects the descriptor.
  mutating func add(_ descriptor: consuming Descriptor, _ address: IPAddress?, poller: borrowing Poller)
    -> ClientID?
  {
    let id = table.next
    let token = Token(.client, generation: id.generation, number: id.slot)
    let client = Client(descriptor, token, address)
    do throws(SystemError) { try poller.watch(client.descriptor.raw, client.watched, token) } catch { return nil }
    _ = table.insert(client)
    return ClientID(.init(bits: id.bits))
  }

  /// Returns the ID of the client that a token belongs to, or `nil` if that connection is gone.
  func id(_ token: Token) -> Slots<Client>.ID? {
    guard let id = table.id(at: Int(token.number)), id.generation & 0xFF_FFFF == token.generation else {
      return nil
    }
    return id
  }

  /// Updates the total after a client's input or output has changed.
  mutating func recount(_ id: Slots<Client>.ID) { waitingBytes += table[id]?.recount() ?? 0 }

  /// Removes input that was read.
  mutating func consumeInput(_ id: Slots<Client>.ID, _ count: Int) {
    table[id]?.incoming.consume(count)
    recount(id)
  }

  /// Adds the client to the next flush.
  mutating func touch(_ id: Slots<Client>.ID) {
    if table[id]?.markDirty() == true { dirty.append(id) }
  }

  /// Queues output for an open client and returns the number of pending bytes.
  mutating func queue(_ bytes: Span<UInt8>, for id: Slots<Client>.ID) -> Int {
    let mark = highWater
    guard let waiting = table[id]?.queue(bytes, highWater: mark) ?? nil else { return 0 }
    recount(id)
    touch(id)
    return waiting
  }

  /// Handles a client's readiness and appends the resulting events.
  mutating func ready(
    _ token: Token, _ ready: UInt32, deadlines: inout Deadlines<DeadlineOwner>, into events: inout [Event]
  ) {
    guard let id = id(token), let phase = table[id]?.phase else { return }
    if phase == .lingering {
      linger(id, ready, &deadlines)
      return
    }
    if ready & UInt32(LINUX_ERR | LINUX_HUP) != 0 {
      hangUp(id, &deadlines, into: &events)
      return
    }
    if ready & UInt32(LINUX_OUT) != 0 { touch(id) }
    guard ready & UInt32(LINUX_IN | LINUX_RDHUP) != 0, phase == .open else { return }
    if table[id]?.isReadingPaused == true {
      // The end of input is only recorded here. It is reported after the last bytes have been read.
      if ready & UInt32(LINUX_RDHUP) != 0 {
        table[id]?.isEOFPending = true
        touch(id)
      }
      return
    }
    let outcome = table[id]?.receive(&buffer)
    recount(id)
    switch outcome {
    case .progress?: events.append(.received(ClientID(.init(bits: id.bits))))
    case .eof?:
      touch(id)
      events.append(.inputClosed(ClientID(.init(bits: id.bits))))
    case .failed?: hangUp(id, &deadlines, into: &events)
    case .wouldBlock?, nil: break
    }
  }

  /// Sends pending output, ends finished connections, and updates epoll. Runs once per turn.
  mutating func flush(
    now: Duration, poller: borrowing Poller, deadlines: inout Deadlines<DeadlineOwner>, into events: inout [Event]
  ) {
    let low = lowWater
    for index in dirty.indices {
      let id = dirty[index]
      let flushed = table[id]?.flushAndAlign(lowWater: low, poller) ?? nil
      recount(id)
      switch flushed {
      case .sent?, nil: break
      case .writable?: events.append(.writable(ClientID(.init(bits: id.bits))))
      case .complete?:
        end(id, now, &deadlines)
        table[id]?.align(poller)
      case .failed?: hangUp(id, &deadlines, into: &events)
      }
    }
    dirty.removeAll(keepingCapacity: true)
  }

  /// Drops a client immediately. Pending output is lost, and a peer that is still sending sees a reset.
  mutating func drop(_ id: Slots<Client>.ID, _ deadlines: inout Deadlines<DeadlineOwner>) {
    table[id]?.incoming.clear()
    table[id]?.outgoing.clear()
    recount(id)
    guard let client = table.remove(id) else { return }
    if let end = client.closeDeadline { deadlines.remove(end) }
  }

  /// Closes a client once all output is sent, or when `closingTime` expires.
  mutating func close(_ id: Slots<Client>.ID, now: Duration, _ deadlines: inout Deadlines<DeadlineOwner>) {
    guard table[id]?.phase == .open else { return }
    table[id]?.phase = .closing
    setCloseDeadline(id, now + Client.closingTime, &deadlines)
    touch(id)
  }

  private mutating func setCloseDeadline(
    _ id: Slots<Client>.ID, _ time: Duration, _ deadlines: inout Deadlines<DeadlineOwner>
  ) {
    if let earlier = table[id]?.closeDeadline ?? nil { deadlines.remove(earlier) }
    table[id]?.closeDeadline = deadlines.add(time, .closeTimeout(ClientID(.init(bits: id.bits))))
  }

  private mutating func end(_ id: Slots<Client>.ID, _ now: Duration, _ deadlines: inout Deadlines<DeadlineOwner>) {
    guard table[id]?.isInputClosed == false else { return drop(id, &deadlines) }
    table[id]?.phase = .lingering
    _ = table[id].withBorrowed { linux_shutdown_sending($0.descriptor.raw) }
    table[id]?.incoming.clear()
    recount(id)
    setCloseDeadline(id, now + Client.lingerTime, &deadlines)
  }

  private mutating func linger(_ id: Slots<Client>.ID, _ ready: UInt32, _ deadlines: inout Deadlines<DeadlineOwner>)
  {
    switch table[id]?.discard(&buffer) {
    case .eof?, .failed?: drop(id, &deadlines)
    case .progress?, .wouldBlock?: if ready & UInt32(LINUX_ERR | LINUX_HUP) != 0 { drop(id, &deadlines) }
    case nil: break
    }
  }

  private mutating func hangUp(
    _ id: Slots<Client>.ID, _ deadlines: inout Deadlines<DeadlineOwner>, into events: inout [Event]
  ) {
    let wasClosing = table[id]?.phase != .open
    drop(id, &deadlines)
    // The gateway has already released a closing client.
    if !wasClosing { events.append(.disconnected(ClientID(.init(bits: id.bits)))) }
  }
}
