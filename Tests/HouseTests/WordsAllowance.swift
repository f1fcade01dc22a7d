/// The hits that `WordsTests` still allows. Both tables only shrink.
enum WordsAllowance {
  /// Forbidden phrases and comments without a subject, by file.
  static let hits: [String: Int] = [
    "Sources/Gateway/Configuration/Address.swift": 1,
    "Sources/Gateway/Configuration/Configuration+Routing.swift": 1,
    "Sources/Gateway/Configuration/ConfigurationError.swift": 1,
    "Sources/Gateway/Configuration/ConfigurationWarning.swift": 1,
    "Sources/Gateway/Configuration/Secret.swift": 2,
    "Sources/Gateway/Configuration/Spelling.swift": 1,
    "Sources/Gateway/Types/APIError.swift": 5,
    "Sources/Gateway/Types/ProviderCatalog.swift": 5,
    "Sources/Gateway/Types/Slice.swift": 1,
    "Sources/Gateway/Wire/EditedText.swift": 1,
    "Tests/GatewayTests/Relay/ReloadTests.swift": 1,
    "Tests/HouseTests/CodeReader.swift": 1,
    "Tests/HouseTests/Prose.swift": 1,
  ]

  /// Replaced names of types that are still declared, by module.
  static let types: [String: String] = [:]
}
