/// A hardware endpoint, by its path below `/v1/hardware`.
enum HardwareEndpoint: String, CaseIterable {
  case machine = ""
  case telemetry = "/telemetry"
  case models = "/models"
  case compatibleModels = "/compatible-models"
  case placement = "/placement"
  case simulate = "/simulate"
  case modelFormat = "/model-format"
  case requirementMatch = "/requirement-match"
  case cost = "/cost"
  case trainingEstimate = "/training-estimate"

  /// Whether its requests are POST requests with a body.
  var isPost: Bool {
    switch self {
    case .machine, .telemetry, .models, .compatibleModels: false
    default: true
    }
  }
}
