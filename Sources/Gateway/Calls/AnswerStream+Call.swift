extension AnswerStream {
  /// The answer to a call from an upstream that speaks `dialect`.
  init(for call: Call, from dialect: Dialect, _ label: AnswerMetadata) {
    let wanted: Wanted
    switch call.request {
    case .chat(let chat):
      wanted = Wanted(streams: call.streams, usage: chat.wantsUsage, runningUsage: chat.wantsRunningUsage)
    case .embeddings(let embeddings): wanted = Wanted(embeddings: embeddings.form)
    }
    self.init(
      for: call.endpoint, from: call.dialect(at: dialect), isSame: call.passes(to: dialect),
      promptBytes: call.promptBytes, wanted,
      label)
  }
}
