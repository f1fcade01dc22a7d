import ArgumentParser
import Gateway

/// The `check` command, which validates a configuration file.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a configuration file. Exits with status 78 if it is invalid.")

  @Argument(help: "The file. Defaults to ./hoosh.toml.")
  var file: String?

  @Option(name: .shortAndLong, help: "The file, as an option.")
  var config: String?

  func run() throws {
    let path = file ?? config ?? ConfigurationSource.defaultName
    let loaded = try ConfigurationSource.load(path)
    let count = loaded.configuration.providers.filter(\.isEnabled).count
    Terminal.print("\(path): configuration is valid (\(count) \(count == 1 ? "provider" : "providers") enabled)")
  }
}
