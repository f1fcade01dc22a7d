import ArgumentParser
import Gateway
import Reactor

/// The `route` command, which explains the routing of a model.
struct Route: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which provider of a running gateway a model routes to, and why the others are skipped.")

  @Argument(help: "The model name, as in a request.")
  var model: String

  @Flag(help: "Print the gateway's JSON.")
  var json = false

  @OptionGroup var options: ServerOptions

  func run() throws {
    var body: [UInt8] = Array("{".utf8)
    Writer.member("model", model, to: &body)
    body += Array("}".utf8)
    let answer = try options.send(.post, "/v1/route/explain", body: body)
    try answer.requireSuccess()
    if json { return Terminal.write(answer.body) }
    let candidates = ServerJSON.elements(of: "candidates", in: answer.body.span)
    if candidates.isEmpty {
      Terminal.printError("hoosh: no provider serves the model")
      throw ExitCode.failure
    }
    for candidate in candidates {
      let name = "\(candidate["provider"] ?? "")/\(candidate["model"] ?? "")"
      Terminal.print("\(name): \(candidate["verdict"] ?? ""). \(candidate["reason"] ?? "")")
    }
  }
}
