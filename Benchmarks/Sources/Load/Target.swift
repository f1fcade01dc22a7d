/// The target of a measurement.
enum Target {
  /// The mock itself, without a proxy.
  case direct
  case nginx
  /// A build of hoosh, with its label and its path.
  case hoosh(label: String, path: String)

  var name: String {
    switch self {
    case .direct: "direct"
    case .nginx: "nginx"
    case .hoosh(let label, _): label
    }
  }

  var isDirect: Bool {
    if case .direct = self { return true }
    return false
  }
}
