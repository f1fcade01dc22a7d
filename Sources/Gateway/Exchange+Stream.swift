/// The stream side of an exchange: holding back, showing, repairing its end, and its tempo.
extension Exchange {
  /// Reads events and relays them; returns how many bytes were read.
  @discardableResult
  func read(
    _ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration, outputMax: Int = outputBytesMax
  ) -> Int {
    var offset = 0
    do throws(AttemptFailure) {
      while phase != .over, effects.output.count < outputMax, try nextEvent(bytes, &offset) {
        try relay(&effects, now: now)
      }
    } catch {
      fail(error, &effects, now: now)
    }
    stream.commit(&effects.output)
    return phase == .over || effects.asksNext ? bytes.count : offset
  }

  private func nextEvent(_ bytes: Span<UInt8>, _ offset: inout Int) throws(AttemptFailure) -> Bool {
    do throws(SSEReader.TooLong) {
      if lines != nil { return try lines?.next(in: bytes, from: &offset) ?? false }
      return try events.next(in: bytes, from: &offset)
    } catch {
      throw .malformed("an event of its stream has more than \(SSEReader.eventBytesMax) bytes")
    }
  }

  /// Passes on the event at hand, or holds it back.
  private func relay(_ effects: inout Effects, now: Duration) throws(AttemptFailure) {
    lastEvent = now
    pace?.bytes += lines?.data.count ?? events.data.count
    let (data, name) = (lines?.data ?? events.data, events.name)
    let verdict: AnswerStream.Verdict
    if phase == .visible {
      stream.begin(&effects.output)
      verdict = try chat?.take(data.span, named: name.span, into: &effects.output) ?? .silent
      lastOutput = now
    } else {
      var shown = held
      held = []
      verdict = try chat?.take(data.span, named: name.span, into: &shown) ?? .silent
      held = shown
      if verdict == .visible || verdict == .done || held.count > Self.heldBytesMax { show(&effects, now: now) }
    }
    if verdict == .done { complete(&effects, now: now) }
  }

  /// A whole answer for a caller who asked for a stream.
  func restream(_ json: Span<UInt8>, _ effects: inout Effects, now: Duration) throws(AttemptFailure) {
    lastEvent = now
    var text: [UInt8] = []
    try chat?.restream(json, into: &text)
    held = text
    show(&effects, now: now)
    finishStream(&effects)
  }

  /// Sends the head if it is still held.
  private func commit(_ effects: inout Effects, now: Duration) {
    guard phase == .held else { return }
    phase = .committed
    row.status = 200
    StreamWriter.head(
      replyOptions, type: call.endpoint.streamType, servedBy: row.provider, servedModel, dropped: dropped,
      into: &effects.output)
    sent(now)
  }

  /// Sends what was held back; from here on there is no other candidate.
  private func show(_ effects: inout Effects, now: Duration) {
    commit(&effects, now: now)
    phase = .visible
    if firstEvent == nil { firstEvent = now - attemptBegan }
    if timeouts.throughputMin > 0 { pace = Pace(began: now) }
    lastOutput = now
    stream.begin(&effects.output)
    effects.output.append(contentsOf: held)
    held = []
  }

  private func complete(_ effects: inout Effects, now: Duration) {
    stream.begin(&effects.output)
    chat?.finish(into: &effects.output)
    finishStream(&effects)
  }

  private func finishStream(_ effects: inout Effects) {
    stream.commit(&effects.output)
    stream.end(&effects.output)
    finish(.complete, .completed, &effects)
  }

  /// The upstream's body is over without `[DONE]`.
  func endEvents(_ failure: AttemptFailure?, _ effects: inout Effects, now: Duration) {
    // Some servers end the last event by ending the body.
    if failure == nil { read([0x0a, 0x0a].span, &effects, now: now) }
    if effects.end != nil || effects.asksNext { return }
    // All that was asked for was said: how the connection ended after that changes nothing. Where fewer answers
    // came, only a proper end says that no more were to come.
    if let chat, chat.isFinished, failure == nil || chat.finishedCount >= call.choiceCount {
      if phase != .visible { show(&effects, now: now) }
      complete(&effects, now: now)
      return
    }
    fail(failure ?? .connectionLost, &effects, now: now)
  }

  // MARK: Time

  /// When `tick` is to be called at the latest.
  var nextTick: Duration {
    let sendBy = sending.map { $0.since + timeouts.send } ?? .seconds(Int64.max / 4)
    let answerBy = min(sendBy, headBy ?? sendBy)
    let attemptBy = min(attemptBegan + timeouts.firstEvent, answerBy)
    guard call.streams else { return min(began + timeouts.total, pauseEnds ?? answerBy) }
    switch phase {
    case .held: return min(began + timeouts.commitAfter, pauseEnds ?? attemptBy)
    case .committed: return min(nextComment, pauseEnds ?? attemptBy)
    case .visible:
      let stallBy = min(nextComment, lastEvent + timeouts.stall)
      return pace.map { min(stallBy, $0.began + Pace.time) } ?? stallBy
    case .over: return .seconds(Int64.max / 4)
    }
  }

  /// When the head of the present attempt's answer must be there, if it has a time of its own.
  private var headBy: Duration? {
    timeouts.header > .zero && reading == .nothing ? attemptBegan + timeouts.header : nil
  }

  private var pauseEnds: Duration? {
    switch pause {
    case .retry(let time)?, .queue(let time)?: time
    case nil: nil
    }
  }

  private var nextComment: Duration {
    timeouts.keepAliveComment > .zero && call.endpoint.hasComments
      ? lastOutput + timeouts.keepAliveComment : .seconds(Int64.max / 4)
  }

  /// Time has passed.
  func tick(_ effects: inout Effects, now: Duration) {
    if let pauseEnds, now >= pauseEnds, phase != .over { return endPause(&effects) }
    if pause == nil, phase == .held || phase == .committed, let sending, now >= sending.since + timeouts.send {
      return fail(.timedOut(.send), &effects, now: now)
    }
    if pause == nil, phase == .held || phase == .committed, let headBy, now >= headBy {
      return fail(.timedOut(.head), &effects, now: now)
    }
    guard call.streams else {
      if now >= began + timeouts.total { fail(.timedOut(.total), &effects, now: now) }
      return
    }
    if phase == .visible, now >= lastEvent + timeouts.stall { return fail(.timedOut(.stall), &effects, now: now) }
    if phase == .visible, let pace, now >= pace.began + Pace.time {
      if pace.bytes < timeouts.throughputMin * Int(Pace.time / .seconds(1)) {
        return fail(.timedOut(.pace), &effects, now: now)
      }
      self.pace = Pace(began: now)
    }
    if pause == nil, phase == .held || phase == .committed, now >= attemptBegan + timeouts.firstEvent {
      return fail(.timedOut(.firstEvent), &effects, now: now)
    }
    let isLate = phase == .held && now >= began + timeouts.commitAfter
    if isLate { commit(&effects, now: now) }
    if isLate || (phase != .held && phase != .over && now >= nextComment) { comment(&effects, now: now) }
  }

  private func endPause(_ effects: inout Effects) {
    switch pause {
    case .retry?: effects.asksNext = true
    case .queue?: nobodyLeft(Self.waitedTooLong, wait: nil, &effects)
    case nil: break
    }
    pause = nil
  }

  private static var waitedTooLong: APIError {
    APIError(
      503, .overloaded, "The providers of this model were busy for too long; ask again later.", retryAfter: 1)
  }

  /// The client has caught up: what its upstream was held back for is not the upstream's silence.
  func resumed(now: Duration) {
    lastEvent = now
    lastOutput = now
    if pace != nil { pace = Pace(began: now) }
  }

  /// Says something that nobody sees, so that a client who is gone for good is noticed at once: it may also
  /// only have shut its sending side, and then the answer goes on.
  ///
  /// In a stream that is a comment; before the head it is a 100, which every client of HTTP/1.1 reads past
  /// (RFC 9110 section 15.2).
  func probe(_ effects: inout Effects, now: Duration) {
    switch phase {
    case .held: if replyOptions.minorVersion > 0 { effects.output.append("HTTP/1.1 100 Continue\r\n\r\n") }
    case .committed, .visible: comment(&effects, now: now)
    case .over: break
    }
  }

  private func comment(_ effects: inout Effects, now: Duration) {
    guard call.endpoint.hasComments else { return }
    stream.begin(&effects.output)
    effects.output.append(": keep-alive\n\n")
    stream.commit(&effects.output)
    lastOutput = now
  }
}
