// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "hoosh", path: "..")],
  targets: [
    .executableTarget(
      name: "Micro",
      dependencies: [.product(name: "Gateway", package: "hoosh"), .product(name: "Probe", package: "hoosh")],
      // As the gateway itself is built: what a call costs there must not be measured with checks that it has not.
      swiftSettings: settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"])]),
    // Knows nothing of hoosh: what measures shares no code with what is measured.
    .target(name: "CLoad"),
    .executableTarget(name: "Load", dependencies: ["CLoad"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
