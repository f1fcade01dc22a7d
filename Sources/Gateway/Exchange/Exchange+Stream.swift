/// The stream side of an exchange: holding events back, releasing them, repairing the end, and timeouts.
extension Exchange {
  /// Reads events and relays them; returns how many bytes were read.
  @discardableResult
  func read(
    _ bytes: Span<UInt8>, _ effects: inout Effects, now: Duration, outputMax: Int = outputBytesMax
  ) -> Int {
    var offset = 0
    do throws(AttemptFailure) {
      while phase != .over, !isTranslating, effects.output.count < outputMax,
        try fetch.nextEvent(in: bytes, from: &offset)
      {
        try relayEvent(&effects, now: now)
      }
    } catch {
      fail(error, &effects, now: now)
    }
    stream.commit(&effects.output)
    return phase == .over || effects.needsAttempt ? bytes.count : offset
  }

  /// Relays the event that was read last, or holds it back.
  private func relayEvent(_ effects: inout Effects, now: Duration) throws(AttemptFailure) {
    let (data, name) = fetch.event
    fetch.eventRelayed(bytes: data.count, now: now)
    if data.count > Self.inlineEventBytesMax, fetch.canWait {
      fetch.beginTranslation(of: data.count)
      effects.largeEvent = Effects.LargeEvent(data: data, name: name)
      return
    }
    let verdict: AnswerStream.Verdict
    if phase == .visible {
      stream.begin(&effects.output)
      verdict = try answer?.take(data.span, named: name.span, into: &effects.output) ?? .silent
      lastOutput = now
    } else {
      var output = held
      held = []
      verdict = try answer?.take(data.span, named: name.span, into: &output) ?? .silent
      held = output
      release(verdict, &effects, now: now)
    }
    if verdict == .done { complete(&effects, now: now) }
  }

  /// Releases what is held back if an event is visible, or if it is too much.
  private func release(_ verdict: AnswerStream.Verdict, _ effects: inout Effects, now: Duration) {
    if verdict == .visible || verdict == .done || held.count > Self.heldBytesMax { releaseHeld(&effects, now: now) }
  }

  /// A large event was translated to `output`: relays it, and then the end of the transfer if it came meanwhile.
  func eventMade(
    _ answer: AnswerStream, _ output: [UInt8], _ made: Result<AnswerStream.Verdict, AttemptFailure>,
    _ effects: inout Effects, now: Duration
  ) {
    fetch.endTranslation()
    // The time of the translation is not the provider's silence.
    fetch.resumed(now: now)
    self.answer = answer
    do throws(AttemptFailure) {
      let verdict = try made.get()
      if phase == .visible {
        stream.begin(&effects.output)
        effects.output.append(contentsOf: output)
        lastOutput = now
      } else {
        held.append(contentsOf: output)
        release(verdict, &effects, now: now)
      }
      if verdict == .done { complete(&effects, now: now) }
      stream.commit(&effects.output)
    } catch {
      fail(error, &effects, now: now)
    }
    guard let end = waitingEnd.take(), phase != .over, !effects.needsAttempt else { return }
    transferEnded(end.failure, rest: end.rest.span, &effects, now: now)
  }

  /// Streams a non-streaming answer to a caller that asked for a stream.
  func streamWhole(_ events: [UInt8], _ effects: inout Effects, now: Duration) {
    fetch.eventRelayed(bytes: 0, now: now)
    held = events
    releaseHeld(&effects, now: now)
    finishStream(&effects)
  }

  /// Sends the head unless it was sent.
  private func commit(_ effects: inout Effects, now: Duration) {
    guard phase == .held else { return }
    phase = .committed
    record.status = 200
    StreamWriter.head(
      options, type: call.endpoint.streamType, servedBy: record.provider, fetch.servedModel, dropped: fetch.dropped,
      fields: fields, into: &effects.output)
    sent(now)
  }

  /// Sends the output that was held back; from here on hoosh never fails over.
  private func releaseHeld(_ effects: inout Effects, now: Duration) {
    commit(&effects, now: now)
    phase = .visible
    fetch.becameVisible(now: now)
    lastOutput = now
    stream.begin(&effects.output)
    effects.output.append(contentsOf: held)
    held = []
  }

  private func complete(_ effects: inout Effects, now: Duration) {
    stream.begin(&effects.output)
    answer?.finish(into: &effects.output)
    finishStream(&effects)
  }

  private func finishStream(_ effects: inout Effects) {
    stream.commit(&effects.output)
    stream.end(&effects.output)
    finish(.complete, .completed, &effects)
  }

  /// The upstream's body ended without `[DONE]`.
  func endEvents(_ failure: AttemptFailure?, _ effects: inout Effects, now: Duration) {
    // Some servers end the last event by ending the body.
    if failure == nil { read([0x0a, 0x0a].span, &effects, now: now) }
    if effects.end != nil || effects.needsAttempt { return }
    if isTranslating { return waitingEnd = (failure, []) }
    // The answer is complete: how the connection ended after that changes nothing. With fewer choices than the caller
    // asked for, only a proper end says that no more were to come.
    if let answer, answer.isFinished, failure == nil || answer.finishedCount >= call.choiceCount {
      if phase != .visible { releaseHeld(&effects, now: now) }
      complete(&effects, now: now)
      return
    }
    fail(failure ?? .connectionLost, &effects, now: now)
  }

  // MARK: Time

  /// When `tick` is to be called at the latest.
  var nextTick: Duration {
    guard streams else { return min(began + fetch.timeouts.total, attemptBy) }
    switch phase {
    case .held: return min(began + fetch.timeouts.commitAfter, attemptBy)
    case .committed: return min(nextComment, attemptBy)
    case .visible: return min(nextComment, fetch.visibleDeadline)
    case .over: return .distant
    }
  }

  /// When the present attempt or pause ends before any visible output.
  private var attemptBy: Duration { fetch.pause?.end ?? fetch.deadline(streams: streams) }

  private var nextComment: Duration {
    fetch.timeouts.keepAliveComment > .zero && call.endpoint.hasComments
      ? lastOutput + fetch.timeouts.keepAliveComment : .distant
  }

  /// Time has passed.
  func tick(_ effects: inout Effects, now: Duration) {
    if phase == .over { return }
    if let end = fetch.pause?.end, now >= end { return endPause(&effects) }
    if phase == .visible {
      if let phase = fetch.visibleExpired(now: now) { return fail(.timedOut(phase), &effects, now: now) }
    } else if let phase = fetch.expired(streams: streams, now: now) {
      return fail(.timedOut(phase), &effects, now: now)
    }
    guard streams else {
      guard now >= began + fetch.timeouts.total else { return }
      let failure = AttemptFailure.timedOut(.total)
      if fetch.isFollowing { return sharedAnswerFailed(failure.apiError(provider: record.provider), &effects) }
      return fail(failure, &effects, now: now)
    }
    let isLate = phase == .held && now >= began + fetch.timeouts.commitAfter
    if isLate { commit(&effects, now: now) }
    if isLate || (phase != .held && now >= nextComment) { comment(&effects, now: now) }
  }

  private func endPause(_ effects: inout Effects) {
    switch fetch.endPause() {
    case .retry?: effects.needsAttempt = true
    case .queue?: noCandidateLeft(Self.queueTimeout, wait: nil, &effects)
    case .translation?, nil: break
    }
  }

  private static var queueTimeout: APIError {
    APIError(
      503, .overloaded,
      "The request timed out in the queue: no provider of this model had a free slot in time. Retry later.",
      retryAfter: 1)
  }

  /// The client has caught up: the time in which its transfer was paused is not the upstream's silence.
  func resumed(now: Duration) {
    fetch.resumed(now: now)
    lastOutput = now
  }

  /// Sends something without meaning, so that a client that is gone is noticed at once: a client that has only shut
  /// its sending side goes on reading.
  ///
  /// In a stream that is a comment; before the head it is a 100, which every client of HTTP/1.1 reads past
  /// (RFC 9110 section 15.2).
  func pingClient(_ effects: inout Effects, now: Duration) {
    switch phase {
    case .held: if options.minorVersion > 0 { effects.output.append("HTTP/1.1 100 Continue\r\n\r\n") }
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
