import ArgumentParser
import Reactor

/// Lists the models of a running gateway.
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

/// Asks a running gateway whether it takes requests.
struct Health: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a running gateway whether it takes requests; exits with 1 when it does not.")

  @OptionGroup var options: ServerOptions

  func run() throws {
    let answer = try options.send(.get, "/readyz")
    Terminal.write(answer.body)
    if answer.status != 200 { throw ExitCode.failure }
  }
}
