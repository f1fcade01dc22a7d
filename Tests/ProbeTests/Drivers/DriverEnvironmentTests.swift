import Testing

@testable import Probe

/// The environment of the processes that load drivers.
@Suite struct DriverEnvironmentTests {
  private static func environment(_ names: [String], _ extra: [String] = []) throws -> [String] {
    var options = DriverProber.Options()
    for name in names { options.environment[name] = "x" }
    return DriverQueries(files: try #require(SystemFiles()), options: options).environment(extra)
  }

  @Test func `a driver gets the variables of its list, and no others, whatever they begin with`() throws {
    let others = [
      "LANGCHAIN_API_KEY", "HOMEBREW_GITHUB_API_TOKEN", "GPU_CLOUD_TOKEN", "INTEL_API_KEY", "PATHFINDER_SECRET",
      "ROCKET_PASSWORD", "XDG_ANYTHING", "VK_ANYTHING", "HOME2", "path",
    ]
    let environment = try Self.environment(others + ["PATH", "HIP_VISIBLE_DEVICES"])
    #expect(environment == ["HIP_VISIBLE_DEVICES=x", "PATH=x", "SWIFT_BACKTRACE=enable=no"])
  }

  @Test func `what hoosh sets takes the place of the same variable`() throws {
    let environment = try Self.environment(["VK_DRIVER_FILES"], ["VK_DRIVER_FILES=a"])
    #expect(environment == ["VK_DRIVER_FILES=a", "SWIFT_BACKTRACE=enable=no"])
  }

  @Test func `no variable of the list is named like a secret`() {
    for name in DriverQueries.passed {
      for word in ["KEY", "TOKEN", "SECRET", "PASSWORD"] { #expect(!name.contains(word), "\(name)") }
    }
  }
}
