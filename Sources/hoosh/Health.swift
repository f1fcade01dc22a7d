import ArgumentParser
import Reactor

/// The `health` command, which checks whether a running gateway accepts requests.
struct Health: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check whether a running gateway accepts requests. Exits with status 1 if it does not.")

  @OptionGroup var options: ServerOptions

  func run() throws {
    let answer = try options.send(.get, "/readyz")
    Terminal.write(answer.body)
    if answer.status != 200 { throw ExitCode.failure }
  }
}
