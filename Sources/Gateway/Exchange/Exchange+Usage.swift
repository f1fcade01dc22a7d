/// The usage of an exchange: reported, or estimated where it was not.
extension Exchange {
  /// Notes what the call has used, and what that costs.
  func count(_ usage: Usage?) {
    record.usage = usage
    if let usage { record.cost = fetch.isFollowing ? .zero : fetch.attempt?.hold.cost(of: usage) }
  }

  /// The usage of the present attempt so far, as reported, or estimated where it was not; `nil` if the provider has not begun
  /// to answer.
  var spent: Usage? {
    let bytes = answer?.textBytes ?? 0
    guard var usage = answer?.usage else {
      // A caller that leaves has had its prompt read, as far as anyone can tell.
      let isLeft = record.outcome == .clientClosed && fetch.isSent
      let hasBegun = bytes > 0 || isLeft || (200..<300).contains(fetch.head.status) && fetch.isAnswering
      return hasBegun ? .estimated(promptBytes: call.promptBytes, completionBytes: bytes) : nil
    }
    // A stream that is cut has reported what it had used by then, or nothing yet.
    if record.outcome != .completed {
      usage.completion = max(usage.completion, Usage.estimated(promptBytes: 0, completionBytes: bytes).completion)
    }
    if usage.prompt == 0 {
      usage.prompt = Usage.estimated(promptBytes: call.promptBytes, completionBytes: 0).prompt
    }
    return usage
  }

  /// The attempt is over, and the call is not: nothing of its answer counts for the next one.
  func attemptEnded() {
    answer = nil
    fetch.attemptEnded()
  }

  /// The usage that the present attempt's provider has reported so far.
  var reportedUsage: Usage? { answer?.usage }
}
