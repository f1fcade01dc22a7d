import CLoad
import Foundation

/// The load client and its mock upstream: `Load mock`, `Load run`, `Load compare`, `Load selftest`.
@main
enum Main {
  static let usage = """
    Load mock --port N
    Load run closed|rate|sse|unpaced|idle|beside --port N [--pid P] [--connections N] [--seconds S] [--warmup S]
             [--rate R] [--prompt BYTES] [--bytes BYTES] [--delay-us N] [--chunks N] [--gap-us N]
             [--background N] [--core N] [--json]
    Load compare [--hoosh [LABEL=]PATH]… [--scenario NAME…] [--rounds R] [--seconds S] [--smoke] [--record FILE]
             [--no-nginx] [--no-direct] [--priority] [--json FILE]
    Load selftest
    """

  static func main() {
    load_prepare()
    let words = CommandLine.arguments.dropFirst()
    do throws(LoadError) {
      switch words.first {
      case "mock":
        let arguments = try Arguments(words.dropFirst(), known: ["port"])
        let mock = try Mock(port: UInt16(clamping: arguments.integer("port", 0)))
        FileHandle.standardOutput.write(Data("mock on 127.0.0.1:\(mock.port)\n".utf8))
        mock.run()
      case "run": try RunCommand.run(words.dropFirst())
      case "compare": try CompareCommand.run(words.dropFirst())
      case "selftest": try SelfTest.run()
      default:
        print(usage)
        exit(words.isEmpty || words.first == "--help" ? 0 : 64)
      }
    } catch {
      FileHandle.standardError.write(Data("Load: \(error)\n".utf8))
      exit(1)
    }
  }
}
