/// Decides whether a call is allowed, and accounts for its cost: `admit` once per call, `hold` and `settle` once per
/// attempt.
///
/// There are no limits and no budgets yet, so nothing is rejected; the places where they apply are here.
struct Admission {
  /// The reserved worst case of one attempt.
  struct Hold: Equatable {
    var tokens: Int
  }

  /// Admits a call, or rejects it. Once, before the first attempt.
  func admit(_ caller: Caller, _ call: Call) throws(APIError) {}

  /// Reserves the worst case of an attempt, or rejects it.
  func hold(_ caller: Caller, _ provider: ProviderID, _ model: String, _ call: Call) throws(APIError) -> Hold {
    Hold(tokens: Usage.estimated(promptBytes: call.promptBytes, completionBytes: 0).prompt)
  }

  /// Replaces a hold by the actual usage, which is `nil` if the attempt did not complete. Exactly once per hold.
  func settle(_ hold: Hold, _ usage: Usage?) {}
}
