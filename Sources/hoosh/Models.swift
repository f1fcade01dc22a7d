import ArgumentParser
import Reactor

/// The `models` command, which lists the models of a running gateway.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the models that a running gateway serves.")

  @OptionGroup var options: ServerOptions

  func run() throws {
    let answer = try options.send(.get, "/v1/models")
    try answer.requireSuccess()
    for id in ServerJSON.ids(in: answer.body.span) { Terminal.print(id) }
  }
}
