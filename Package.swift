// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: each use of C is marked `unsafe`, each warning is an error, and no imported type
/// appears in an interface by accident.
let house: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

/// The settings of the targets with a hot path. `any P` does not compile in them, and a release build does not check
/// exclusive access at run time, as every other build does (see docs/decisions/013).
let hot =
  house + [
    .treatWarning("ExistentialType", as: .error),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
  ]

let package = Package(
  name: "hoosh",
  products: [
    .executable(name: "hoosh", targets: ["hoosh"]),
    .library(name: "Gateway", targets: ["Gateway"]),
    .library(name: "Probe", targets: ["Probe"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C and C++.
    .target(name: "CLinux"),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "CTOML"),
    .target(name: "CDrivers"),
    .target(name: "CVulkan", dependencies: ["CDrivers"]),

    // The product.
    .target(name: "Digest", dependencies: ["COpenSSL"], swiftSettings: hot),
    .target(name: "HTTPText", swiftSettings: hot),
    .target(name: "Reactor", dependencies: ["CLinux", "CCurl", "HTTPText"], swiftSettings: hot),
    .target(name: "Ledger", dependencies: ["CSQLite", "Reactor"], swiftSettings: house),
    .target(
      name: "Gateway", dependencies: ["Reactor", "HTTPText", "Digest", "Ledger", "Probe", "CTOML"],
      resources: [.embedInCode("Data/models.jsonl")], swiftSettings: hot),
    .target(
      name: "Probe", dependencies: ["CDrivers", "CVulkan"], resources: [.embedInCode("Data/instance-prices.json")],
      swiftSettings: house),
    .executableTarget(
      name: "hoosh",
      dependencies: [
        "Gateway", "Ledger", "Probe", "Reactor", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: house),

    // Tests.
    .target(name: "CCounting", path: "Tests/CCounting"),
    .target(name: "Support", dependencies: ["CCounting", "Gateway", "Reactor"], path: "Tests/Support"),
    .testTarget(name: "ReactorTests", dependencies: ["CLinux", "Reactor", "Support"]),
    .testTarget(
      name: "GatewayTests", dependencies: ["Gateway", "HTTPText", "Digest", "Ledger", "Reactor", "Support"],
      exclude: ["Dialects/Fixtures", "Dialects/Pairs"]),
    .testTarget(name: "LedgerTests", dependencies: ["CSQLite", "Ledger", "Reactor"]),
    .testTarget(name: "ProbeTests", dependencies: ["Gateway", "Probe", "hoosh"], exclude: ["Drivers/Fakes"]),
    .testTarget(name: "EndToEndTests", dependencies: ["hoosh", "Gateway", "Ledger", "Reactor", "Support"]),
    .testTarget(name: "HouseTests", dependencies: ["Support"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
