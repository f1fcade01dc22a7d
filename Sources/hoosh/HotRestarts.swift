import Reactor

/// Starts successors, one at a time.
///
/// While a successor runs, a further signal changes nothing: the successor stops this process soon, or ends. One that ends
/// is awaited, so that it leaves no zombie, and the next signal starts another.
final class HotRestarts {
  /// The messages about successors that have ended.
  private let ended: Mailbox<String>
  private var hasSuccessor = false

  init(_ reactor: Reactor) throws(SystemError) {
    ended = try Mailbox(weightMax: 1)
    try reactor.watch(ended)
  }

  /// Starts the program file again, with the same arguments and the same listening socket.
  func start(_ listener: Int32?) {
    guard !hasSuccessor else { return Terminal.printError("hoosh: a successor runs already") }
    guard let listener, let path = HotRestart.ownPath() else {
      return Terminal.printError("hoosh: cannot restart: no listening socket, or the program file is unknown")
    }
    let arguments = CommandLine.arguments
    let environment = HotRestart.successorEnvironment()
    do throws(SystemError) {
      // Starting a process takes time, so it does not run on the loop.
      try Worker.start { [ended] in
        do throws(SystemError) {
          let process = try Successor.start(
            path, arguments: arguments, environment: environment, listener: listener)
          Successor.awaitEnd(of: process)
          ended.post("hoosh: the successor has ended; this process stays")
        } catch {
          ended.post("hoosh: cannot start a successor: \(error)")
        }
      }
      hasSuccessor = true
    } catch {
      Terminal.printError("hoosh: cannot start a successor: \(error)")
    }
  }

  /// Reports the successor that has ended, if there is one.
  func takeEnded() {
    for message in ended.take() {
      hasSuccessor = false
      Terminal.printError(message)
    }
  }
}
