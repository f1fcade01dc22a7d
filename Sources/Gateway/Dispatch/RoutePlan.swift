/// The state of one request on its way through the candidates of its model.
struct RoutePlan: Sendable {
  /// The model as the caller named it.
  let model: String
  var match: RouteMatch
  var input: SelectionInput
  /// The provider that the name pinned the request to. It stays the only one, whatever a reload makes of the name.
  var pin: ProviderID?
  /// Tells callers apart.
  var caller = 0
  /// The number of candidates, whether they are available or not.
  var count: Int
  /// The positions of candidates that are selected only if no other is available: the model does not fit this
  /// machine's memory, or the prompt may be too long.
  var lastResort = BitSet128()
  /// The requirements of the request; `nil` if every candidate satisfies it.
  var requirements: Requirements?
  /// The positions of candidates that cannot serve the request.
  var ineligible = BitSet128()
  /// The context length of the candidates that rejected the prompt as too long; only larger ones are tried next.
  var tooLongFor: Int?
  /// The position of the candidate that is loading the model, and how long it is retried.
  var loading: Int?
  var loadDeadline: Duration?
  /// The expected tokens, and the cost at each candidate, for the strategy `cheapest`.
  var expectedTokens = TokenBreakdown()
  var costs: [UInt64] = []
  /// The providers whose attempts failed; unlike positions, these outlive a reload.
  var failedProviders: [ProviderID] = []
  /// The backoff of retries at the same candidate.
  var backoff: Backoff?
  /// The position of the last attempt's candidate, and the consecutive attempts there.
  var position: Int?
  var attempts = 0

  /// Whether only one candidate can ever serve the request, so that skipping it gains nothing.
  var hasSingleCandidate: Bool { count - ineligible.count == 1 }
}

/// A plan on the heap, so that it takes no space once no further attempt is possible.
final class RoutePlanBox {
  var plan: RoutePlan

  init(_ plan: RoutePlan) { self.plan = plan }
}

/// A candidate that was selected for an attempt, with everything that is released when the attempt ends.
struct Selection: Sendable {
  let picked: Router.Picked
  /// The provider's index, which a reload may change: for the turn of the selection only.
  let provider: Int
  let id: ProviderID
  let name: String
  /// The provider's name for the model.
  let model: String
  let pass: ProviderHealth.Attempt
  let permit: ConcurrencyLimits.Permit
  /// Tells callers apart.
  let caller: Int

  init(
    _ picked: Router.Picked, id: ProviderID, name: String, model: String, _ pass: ProviderHealth.Attempt,
    _ permit: ConcurrencyLimits.Permit, caller: Int
  ) {
    self.picked = picked
    provider = picked.candidate.provider
    self.id = id
    self.name = name
    self.model = model
    self.pass = pass
    self.permit = permit
    self.caller = caller
  }

  /// The index of the API key to use.
  var key: Int { pass.key }

  /// Returns whether another candidate may succeed after this failure. A provider that does not list the model may not have
  /// it, and another one may.
  func allowsFailover(after failure: AttemptFailure) -> Bool {
    failure.allowsFailover(model) || (failure.isNotFound && !picked.candidate.flags.contains(.listed))
  }
}

/// The result of selecting the next candidate.
enum NextStep: Sendable {
  case attempt(Selection)
  /// A candidate is available, but at its concurrency limit.
  case atCapacity
  case noCandidate
}
