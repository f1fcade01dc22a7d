/// What is measured.
enum Target {
  /// The mock itself, with nothing between.
  case direct
  case nginx
  /// A build of hoosh, by its label and where the program is.
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
