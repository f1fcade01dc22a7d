import ArgumentParser
import Gateway
import Reactor

/// The `check` command, which validates a configuration file.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a configuration file, and its key file. Exits with status 78 if it is invalid.",
    discussion: "With --online, it also asks each enabled provider, and exits with status 69 if one cannot be used."
  )

  @Argument(help: "The file. Defaults to ./hoosh.toml.")
  var file: String?

  @Option(name: .shortAndLong, help: "The file, as an option.")
  var config: String?

  @Flag(
    help: "Also ask each enabled provider for its models, to see whether it can be reached and takes its API key.")
  var online = false

  /// How long the providers have to answer, all at the same time.
  private static let onlineTimeout = Duration.seconds(10)

  func run() throws {
    let path = file ?? config ?? ConfigurationSource.defaultName
    let loaded = try ConfigurationSource.load(path)
    let count = loaded.configuration.providers.filter(\.isEnabled).count
    if !loaded.configuration.auth.keyFile.isEmpty {
      _ = try ServeKeys.ring(KeyFileStore(loaded.configuration.auth.keyFile), loaded)
    }
    Terminal.print("\(path): configuration is valid (\(count) \(count == 1 ? "provider" : "providers") enabled)")
    guard online else { return }
    let problems: [String]
    do throws(SystemError) { problems = try Self.ask(ProviderCheck.all(loaded.configuration)) } catch {
      Terminal.printError("hoosh: cannot ask the providers: \(error)")
      throw ExitCode.failure
    }
    for problem in problems { Terminal.printError("\(path): warning: \(problem)") }
    if !problems.isEmpty { throw ExitCode.unavailable }
    Terminal.print("\(path): every enabled provider can be reached")
  }

  /// Asks all providers at the same time. Returns what is wrong, in their order.
  private static func ask(_ checks: [ProviderCheck]) throws(SystemError) -> [String] {
    let reactor = try Reactor()
    var running = checks.map {
      (check: $0, transfer: reactor.start($0.request), problem: String?.none, isOver: false)
    }
    let deadline = reactor.now + onlineTimeout
    while reactor.now < deadline, running.contains(where: { !$0.isOver }) {
      for event in reactor.turn(atMost: .milliseconds(100)) {
        for index in running.indices where !running[index].isOver {
          guard let response = reactor.response(of: running[index].transfer) else { continue }
          let status = response.status
          reactor.consumeBody(of: running[index].transfer, response.body.count)
          guard case .transferEnded(running[index].transfer, let end) = event else { continue }
          running[index].isOver = true
          if status != 0 {
            running[index].problem = running[index].check.problem(status: status)
          } else if case .failed(let error) = end {
            running[index].problem = "\(running[index].check.provider) cannot be reached: \(error.sentence)"
          }
        }
      }
    }
    return running.compactMap { one in
      let late = "\(one.check.provider) has not answered within \(onlineTimeout.components.seconds) s"
      return one.isOver ? one.problem : late
    }
  }
}
