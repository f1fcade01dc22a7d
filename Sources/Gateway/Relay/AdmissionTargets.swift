/// The prices and the output limits of models at providers, looked up once for each.
struct AdmissionTargets {
  struct Known {
    let target: Admission.Target
    /// The most tokens of an answer; `nil` if that is unknown.
    let outputMax: Int?
  }

  private struct Key: Hashable {
    let provider: ProviderID
    let model: String
  }

  /// The most models that are kept.
  private static let countMax = 4096
  private var known: [Key: Known] = [:]

  /// Returns what is known of a model; `look` looks it up.
  mutating func find(
    _ model: String, _ provider: Provider, _ admission: Admission, look: () -> ModelCatalog.Model?
  ) -> Known {
    let key = Key(provider: provider.id, model: model)
    if let found = known[key] { return found }
    let details = look()
    let found = Known(
      target: admission.target(
        provider.id, provider.name, model, prices: details?.prices ?? (provider.isLocal ? [.free] : [])),
      outputMax: details?.output)
    if known.count >= Self.countMax { forget() }
    known[key] = found
    return found
  }

  /// Forgets everything, because prices may have changed.
  mutating func forget() { known = [:] }
}

extension AdmissionTargets.Known {
  /// The tokens of an answer that a limit of tokens expects of a request without a limit of its own.
  private static let expectedOutput = 1024

  /// Returns what an attempt of a call may use at most.
  ///
  /// - Parameter limit: The provider's limit of output tokens, to which a larger one is lowered.
  func worstCase(of call: Call, bodyBytes: Int, limit: Int?, outputDefault: Int) -> Admission.WorstCase {
    let estimate = Usage.estimated(promptBytes: call.promptBytes, completionBytes: 0).prompt
    if call.endpoint.kind == .embeddings {
      return Admission.WorstCase(prompt: bodyBytes, output: 0, expected: estimate)
    }
    let asked = call.outputTokensMax.map { min(Int(clamping: $0), limit ?? .max) }
    func times(_ tokens: Int) -> Int {
      let (product, overflow) = tokens.multipliedReportingOverflow(by: max(1, call.choiceCount))
      return overflow ? .max : product
    }
    let output = times(asked ?? outputMax ?? outputDefault)
    let (expected, overflow) = estimate.addingReportingOverflow(min(output, times(Self.expectedOutput)))
    return Admission.WorstCase(prompt: bodyBytes, output: output, expected: overflow ? .max : expected)
  }
}
