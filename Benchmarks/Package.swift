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
      // Build as the gateway is built, so that a call is not measured with checks that the release does not
      // contain.
      swiftSettings: settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"])]),
    // This target does not depend on hoosh: an instrument shares no code with what it measures.
    .target(name: "CLoad"),
    .executableTarget(name: "Load", dependencies: ["CLoad"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
