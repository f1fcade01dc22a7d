import ArgumentParser
import Reactor

/// The `models` command, which lists the models of a running gateway.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the models that a running gateway serves.")

  @OptionGroup var options: ServerOptions

  func run() throws {
    let answer = try options.send(.get, "/v1/models")
    guard answer.status == 200 else {
      Terminal.printError("hoosh: \(ServerJSON.error(in: answer.body.span) ?? "status \(answer.status)")")
      throw ExitCode.failure
    }
    for id in ServerJSON.ids(in: answer.body.span) { print(id) }
  }
}

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
