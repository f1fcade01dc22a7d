/// The hits that `WordsTests` still allows. Both tables only shrink.
enum WordsAllowance {
  /// Forbidden phrases and comments without a subject, by file.
  static let hits: [String: Int] = [
    "Sources/Gateway/Wire/EditedText.swift": 1,
    "Tests/GatewayTests/Relay/ReloadTests.swift": 1,
    "Tests/HouseTests/CodeReader.swift": 1,
    "Tests/HouseTests/Prose.swift": 1,
  ]

  /// Replaced names of types that are still declared, by module.
  static let types: [String: String] = [:]
}
