/// The paths of Gemini's limits, in both spellings of each name.
///
/// Source: Gemini API reference (v1beta), "GenerationConfig" and "ThinkingConfig".
enum GeminiLimits {
  private static let settings: [StaticString] = ["generationConfig", "generation_config"]

  static let paths = settings.flatMap { settings in
    [LimitPath(settings, "maxOutputTokens"), LimitPath(settings, "max_output_tokens")]
      + (["thinkingConfig", "thinking_config"] as [StaticString]).flatMap { thinking in
        [
          LimitPath(settings, thinking, "thinkingBudget", isMaxTokens: false),
          LimitPath(settings, thinking, "thinking_budget", isMaxTokens: false),
        ]
      }
  }

  static let choices = settings.flatMap { settings in
    [LimitPath(settings, "candidateCount"), LimitPath(settings, "candidate_count")]
  }
}
