/// The models at providers as admission sees them, looked up once for each.
struct AdmissionTargets {
  private struct Key: Hashable {
    let provider: ProviderID
    let model: String
  }

  /// The most models that are kept.
  private static let countMax = 4096
  private var targets: [Key: Admission.Target] = [:]

  /// Returns a model at a provider; `look` looks up its properties.
  mutating func find(
    _ model: String, _ provider: Provider, _ admission: Admission, look: () -> ModelCatalog.Model?
  ) -> Admission.Target {
    let key = Key(provider: provider.id, model: model)
    if let found = targets[key] { return found }
    let known = look()
    let target = admission.target(
      provider.id, provider.name, model, prices: known?.prices ?? (provider.isLocal ? [.free] : []),
      outputMax: known?.output)
    if targets.count >= Self.countMax { forget() }
    targets[key] = target
    return target
  }

  /// Forgets everything, because prices may have changed.
  mutating func forget() { targets = [:] }
}

extension Admission.WorstCase {
  /// The tokens of an answer that a limit of tokens expects of a request without a limit of its own.
  private static let expectedOutput = 1024

  /// The most that an attempt of a call may use at a target.
  ///
  /// - Parameter limit: The provider's limit of output tokens, to which a larger one is lowered.
  init(
    of call: Call, at target: Admission.Target, bodyBytes: Int, limit: Int?, outputDefault: Int
  ) {
    let estimate = Usage.estimated(promptBytes: call.promptBytes, completionBytes: 0).prompt
    if call.endpoint.kind == .embeddings {
      self.init(prompt: bodyBytes, output: 0, expected: estimate)
      return
    }
    func times(_ tokens: Int) -> Int {
      let (product, overflow) = tokens.multipliedReportingOverflow(by: max(1, call.generatedCount))
      return overflow ? .max : product
    }
    // A limit below 1, as in Ollama's `num_predict`, means no limit.
    let asked = call.outputTokensMax.flatMap { $0 < .max ? $0 : nil }.map { min(Int(clamping: $0), limit ?? .max) }
    let output = times(asked ?? target.outputMax ?? outputDefault)
    let (expected, overflow) = estimate.addingReportingOverflow(min(output, times(Self.expectedOutput)))
    self.init(prompt: bodyBytes, output: output, expected: overflow ? .max : expected)
  }
}
