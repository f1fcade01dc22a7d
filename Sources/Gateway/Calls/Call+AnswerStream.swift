extension Call {
  /// Returns what converts the response of an attempt at a provider into the caller's response.
  ///
  /// A method, because an initializer of `AnswerStream` that delegates copies the large value once more.
  func answerStream(from provider: Dialect, _ label: AnswerMetadata) -> AnswerStream {
    AnswerStream(
      for: endpoint, from: dialect(at: provider), isSame: passes(to: provider), promptBytes: promptBytes, wanted,
      label)
  }

  private var wanted: AnswerStream.Wanted {
    switch request {
    case .chat(let chat):
      AnswerStream.Wanted(streams: streams, usage: chat.wantsUsage, runningUsage: chat.wantsRunningUsage)
    case .embeddings(let embeddings): AnswerStream.Wanted(embeddings: embeddings.form)
    }
  }
}
