import ArgumentParser
import Gateway

/// The `version` command.
struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print the version.")

  func run() { Terminal.print(Gateway.version) }
}
