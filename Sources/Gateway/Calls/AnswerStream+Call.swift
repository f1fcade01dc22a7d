extension AnswerStream {
  init(for call: Call, from dialect: Dialect, _ label: AnswerMetadata) {
    switch call.request {
    case .chat(let chat):
      self.init(
        for: call.endpoint, from: dialect, isSame: call.passes(to: dialect), promptBytes: call.promptBytes,
        Wanted(streams: call.streams, usage: chat.wantsUsage, runningUsage: chat.wantsRunningUsage), label)
    }
  }
}
