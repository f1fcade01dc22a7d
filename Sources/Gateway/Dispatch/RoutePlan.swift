/// One request's way through the candidates of its model.
struct RoutePlan: Sendable {
  /// The model as the caller named it.
  let model: String
  var match: RouteMatch
  var input: SelectionInput
  /// Candidates in the list, whether they can be asked or not.
  var count: Int
  /// Candidates that are asked only when no other can be, by position: this machine has no room for the model, or the
  /// prompt may be too long for it.
  var lastResort = BitSet128()
  /// What the request needs, where that could make a difference.
  var requirements: Requirements?
  /// Candidates that cannot do it, by position.
  var ineligible = BitSet128()
  /// Tokens that those read who said that the prompt is too long: who is not known to read more is not asked.
  var tooLongFor: Int?
  /// Who said that it is loading the model, by position, and until when it is asked again.
  var loading: Int?
  var loadDeadline: Duration?
  /// What it would use, and cost at each candidate, where the cheapest is asked.
  var expectedTokens = ModelCatalog.TokenBreakdown()
  var costs: [UInt64] = []
  /// The providers whose attempts failed; unlike positions, these outlive a reload.
  var failedProviders: [ProviderID] = []
  /// When the last one may be asked again.
  var backoff: Backoff?
  /// Where the last one asked is in the list, and how many attempts were made there without anybody else between.
  var position: Int?
  var attempts = 0

  /// Whether nobody else could ever be asked, so that nothing is gained by leaving the only one alone.
  var hasSingleCandidate: Bool { count - ineligible.count == 1 }
}

/// A plan where it takes no room once nobody else will be asked, which is most of a stream's time.
final class RoutePlanBox {
  var plan: RoutePlan

  init(_ plan: RoutePlan) { self.plan = plan }
}

/// A candidate that was chosen for an attempt, with everything that has to be given back when the attempt is over.
final class Selection: Sendable {
  let picked: Router.Picked
  /// The provider's index, which a reload may change: for the turn of the selection only.
  let provider: Int
  let id: ProviderID
  let name: String
  /// What the model is called there.
  let model: String
  let pass: ProviderHealth.Attempt
  let permit: ConcurrencyLimits.Permit

  init(
    _ picked: Router.Picked, id: ProviderID, name: String, model: String, _ pass: ProviderHealth.Attempt,
    _ permit: ConcurrencyLimits.Permit
  ) {
    self.picked = picked
    provider = picked.candidate.provider
    self.id = id
    self.name = name
    self.model = model
    self.pass = pass
    self.permit = permit
  }

  /// The number of the key to use.
  var key: Int { pass.key }
}

/// What comes of asking who is next.
enum NextStep: Sendable {
  case attempt(Selection)
  /// Somebody could be asked, but has no room.
  case atCapacity
  case noCandidate
}
