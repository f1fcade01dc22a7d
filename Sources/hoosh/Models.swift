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
