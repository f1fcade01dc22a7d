/// The steps at which a request may be held against limits. They are in their places in the walk; what they
/// decide grows with budgets and rate limits.
extension Exchange {
  /// What an attempt may cost at most.
  struct Hold: Equatable {
    var tokens: Int
  }

  /// Lets the caller ask for this model, or refuses. Once, before the first attempt.
  func admit() throws(APIError) {}

  /// Holds the worst case of an attempt, or refuses it.
  func hold(_ provider: Provider) throws(APIError) {
    let prompt = Usage.estimated(promptBytes: call.promptBytes, completionBytes: 0).prompt
    hold = Hold(tokens: prompt)
  }

  /// Replaces what was held by what was used. Called once, at the end, however it came.
  func settle() { hold = nil }
}
