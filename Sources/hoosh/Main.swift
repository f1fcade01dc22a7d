import ArgumentParser
import Gateway
import Glibc
import Probe

/// The program and its subcommands, one per file.
@main
struct Hoosh: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hoosh",
    abstract: "A local-first gateway for language models.",
    discussion: """
      Exit codes: 0 success, 1 the request failed, 64 the command line is invalid, 69 the server \
      cannot be reached, 74 a file cannot be read or the output cannot be written, 78 the configuration is invalid.
      """,
    version: Gateway.version,
    subcommands: [
      Serve.self, Infer.self, Models.self, Route.self, Health.self, Info.self, Fit.self, Check.self, Keys.self,
      LedgerCommand.self, Version.self,
    ],
    defaultSubcommand: Serve.self)

  static func main() {
    // In a driver process, this call probes one driver and exits. It must come before any other setup.
    DriverProcess.runIfRequested()
    StandardDescriptors.reserve()
    do {
      // Without any argument, not even the program's name, nothing is known of what was asked for.
      guard let name = CommandLine.arguments.first, !name.isEmpty else {
        throw ValidationError("The argument list is empty. It must begin with the name of the program.")
      }
      let arguments = Array(CommandLine.arguments.dropFirst())
      try Self.checkCommand(arguments)
      var command = try parseAsRoot(arguments)
      try command.run()
      Terminal.finish()
    } catch {
      end(error)
    }
  }

  /// Whether the command line names its command. If not, what is wrong with it may be the missing name.
  private static var namesCommand: Bool {
    guard let word = CommandLine.arguments.dropFirst().first else { return true }
    return names.contains(word)
  }

  /// Throws if the first argument looks like a command that does not exist. The default command would take it for an
  /// argument of its own, and the message would be about that command.
  static func checkCommand(_ arguments: [String]) throws {
    guard let word = arguments.first, !word.hasPrefix("-") else { return }
    if names.contains(word) { return }
    let suggestion = Spelling.nearest(to: word, in: names).map { " Did you mean `\($0)`?" } ?? ""
    throw ValidationError("`\(word)` is not a command.\(suggestion)\n\n\(commandList)")
  }

  /// The words that may begin a command line.
  private static var names: [String] { configuration.subcommands.map { $0._commandName } + ["help"] }

  /// The commands, each with its description.
  private static var commandList: String {
    let rows = configuration.subcommands.map { command in
      let name = command._commandName
      return "  \(name)\(String(repeating: " ", count: max(1, 10 - name.count)))\(command.configuration.abstract)"
    }
    return (["Commands:"] + rows).joined(separator: "\n")
  }

  /// Ends the program after a request for help or an error.
  private static func end(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    var text = fullMessage(for: error)
    if code == .validationFailure, !namesCommand, !text.contains(commandList) { text += "\n\n\(commandList)" }
    if !text.isEmpty {
      if code == .success { Terminal.print(text) } else { Terminal.printError(text) }
    }
    Terminal.finish()
    Glibc.exit(code.rawValue)
  }
}
