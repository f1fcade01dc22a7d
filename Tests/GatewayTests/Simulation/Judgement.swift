/// The checks of a client that has finished.
struct Judgement {
  let peer: Peer
  /// Whether the gateway was told to stop, and whether it had ended everything when this client was over.
  let isStopping: Bool
  let wasStopped: Bool

  private var asks: [Ask] { peer.plan.asks }
  private var answers: [ClientAnswer] { peer.reader.answers }
  /// Whether it took everything that came, and waited for the end.
  private var isPatient: Bool { peer.plan.reading == .prompt && !peer.hasLeft }

  /// How each request that began has ended; throws what should not be.
  func outcomes() throws(Breach) -> [Outcome] {
    if let breach = peer.reader.breach { throw Breach(breach.law, "\(breach.detail); \(peer.text)") }
    var refusedEarly = 0
    for (index, answer) in answers.enumerated() {
      let isLast = index == answers.count - 1
      if index >= peer.begunCount {
        // An error about the connection itself needs no request.
        guard isLast, answer.closes, [408, 503].contains(answer.status) else {
          throw fault(.inOrder, index, "no request")
        }
        refusedEarly = 1
        continue
      }
      try check(answer, asks[index], index, isLast: isLast)
    }
    var outcomes: [Outcome] = []
    for index in 0..<peer.begunCount {
      outcomes.append(try outcome(index, hasAnswer: index < answers.count - refusedEarly))
    }
    return outcomes
  }

  private func fault(_ law: Law, _ index: Int, _ detail: String) -> Breach {
    let kind = index < asks.count ? "\(asks[index].kind)" : "none"
    return Breach(law, "request \(index) (\(kind)): \(detail); \(peer.text)")
  }

  private func check(_ answer: ClientAnswer, _ ask: Ask, _ index: Int, isLast: Bool) throws(Breach) {
    // A head that was not understood, or never came, has an id that the gateway made: a UUID.
    let isMinted = answer.id.utf8.count == 36
    let mayBeMinted = !ask.hasID || ([408, 503].contains(answer.status) && answer.closes)
    if answer.id != ask.id, !isMinted || !mayBeMinted { throw fault(.inOrder, index, "the id is \(answer.id)") }
    if !isLast, !answer.isWhole || answer.closes { throw fault(.inOrder, index, "something follows the last one") }
    if ask.closes || (ask.minorVersion == 0 && answer.isStream), answer.isWhole, !answer.closes {
      throw fault(.wellFormed, index, "the connection stays, but the request said no")
    }
    let isAnyones = [408, 503].contains(answer.status)
    if !isAnyones, !ask.allows(answer.status) { throw fault(.rightStatus, index, "status \(answer.status)") }
    if answer.isStream {
      if ask.kind != .stream, ask.kind != .endless { throw fault(.rightStatus, index, "an unwanted stream") }
      if answer.isChunked != (ask.minorVersion == 1) { throw fault(.wellFormed, index, "framing") }
    }
    if answer.isStream { try checkStream(answer, index) }
  }

  private func checkStream(_ answer: ClientAnswer, _ index: Int) throws(Breach) {
    let ends = answer.dones + answer.errors
    if ends > 1 { throw fault(.streamEnd, index, "\(answer.dones) [DONE], \(answer.errors) errors") }
    if answer.isChunked, answer.isWhole, answer.dones != 1 {
      throw fault(.streamEnd, index, "whole without [DONE]")
    }
    if isPatient, peer.hasEnded, ends == 0 { throw fault(.streamEnd, index, "neither [DONE] nor an error") }
    if isPatient, peer.hasEnded, answer.isChunked, answer.dones == 1, !answer.isWhole {
      throw fault(.streamEnd, index, "no last chunk")
    }
  }

  private func outcome(_ index: Int, hasAnswer: Bool) throws(Breach) -> Outcome {
    guard hasAnswer else { return try unanswered(index) }
    let answer = answers[index]
    if answer.isStream {
      if answer.dones == 1 { return .streamed }
      if answer.errors == 1 { return .brokenOff }
      return peer.hasLeft ? .left : .cutOff
    }
    if !answer.isWhole {
      if isPatient { throw fault(.answered, index, "\(answer.bodyBytes) bytes of a longer body") }
      return peer.hasLeft ? .left : .cutOff
    }
    switch answer.status {
    case 200..<300: return .answered
    case 408: return .late
    case 503 where isStopping && answer.closes: return .stopped
    case 503 where answer.closes: return .overloaded
    case 429, 500...: return .failed
    default: return .refused
    }
  }

  private func unanswered(_ index: Int) throws(Breach) -> Outcome {
    if peer.hasLeft { return .left }
    if peer.plan.reading != .prompt { return .cutOff }
    if index >= peer.wholeCount { return .unfinished }
    if peer.unheard.contains(index) || wasStopped { return .unheard }
    // Requests pipelined behind the first are not begun after a stop.
    if isStopping, index > 0 { return .unheard }
    if let last = answers.last, last.closes || !last.isWhole { return .unheard }
    throw fault(.answered, index, "no response, and the connection \(peer.hasEnded ? "is over" : "stays")")
  }
}
