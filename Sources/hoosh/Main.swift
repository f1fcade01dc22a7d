import ArgumentParser
import Gateway
import Probe

/// The program and its subcommands, one per file.
@main
struct Hoosh: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hoosh",
    abstract: "A local-first gateway for language models.",
    discussion: """
      Exit codes: 0 success, 1 the request failed, 64 the command line is invalid, 69 the server \
      cannot be reached, 74 a file cannot be read, 78 the configuration is invalid.
      """,
    version: Gateway.version,
    subcommands: [
      Serve.self, Infer.self, Models.self, Route.self, Health.self, Info.self, Fit.self, Check.self, Version.self,
    ],
    defaultSubcommand: Serve.self)

  static func main() {
    // In a driver process, this call probes one driver and exits. It must come before any other setup.
    DriverProcess.runIfRequested()
    main(nil)
  }
}
