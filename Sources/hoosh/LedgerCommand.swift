import ArgumentParser
import Gateway
import Ledger

/// The `ledger` command, which reports what callers used, and checks the file.
struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Report what callers used, from the file that `ledger.path` names.",
    subcommands: [LedgerReportCommand.self, LedgerCheckCommand.self], defaultSubcommand: LedgerReportCommand.self)
}

/// Where the file of the ledger is.
struct LedgerOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The configuration file. Defaults to ./hoosh.toml.")
  var config: String?

  /// Returns the path of the ledger's file.
  func path() throws -> String {
    let file = config ?? ConfigurationSource.defaultName
    let path = try ConfigurationSource.load(file).configuration.ledger.path
    guard !path.isEmpty else {
      Terminal.printError("\(file): `ledger.path` is not set, so there is no ledger")
      throw ExitCode.configuration
    }
    return path
  }

  /// Reports that a ledger cannot be read.
  static func fail(_ path: String, _ error: LedgerError) -> ExitCode {
    Terminal.printError("\(path): \(error)")
    return .input
  }
}

/// The `ledger report` command.
struct LedgerReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Sum up what callers used (the default).")

  /// The form of a report.
  enum Format: String, CaseIterable, ExpressibleByArgument { case table, csv, json }

  @Option(help: "What is told apart: key, team, model, provider, or day.", transform: dimension)
  var by: LedgerReport.Dimension = .key

  @Option(
    help: "The beginning: a day of UTC such as 2026-01-31, or a time before now such as 7d or 12h.",
    transform: Since.init)
  var since: Since?

  @Option(help: "The form of the output.")
  var format: Format = .table

  @OptionGroup var options: LedgerOptions

  private static func dimension(_ text: String) throws -> LedgerReport.Dimension {
    guard let dimension = LedgerReport.Dimension(rawValue: text) else {
      let names = LedgerReport.Dimension.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("A report tells apart one of \(names).")
    }
    return dimension
  }

  func run() throws {
    let path = try options.path()
    let report: LedgerReport
    do throws(LedgerError) {
      report = try LedgerReport(path, by: by, since: since?.microseconds ?? 0)
    } catch { throw LedgerOptions.fail(path, error) }
    switch format {
    case .table: Terminal.print(LedgerText.table(report, by: by))
    case .csv: Terminal.write(Array(LedgerText.csv(report, by: by).utf8))
    case .json: Terminal.write(LedgerText.json(report, by: by))
    }
  }
}

/// The `ledger check` command.
struct LedgerCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check that the rows and the sums agree. Exits with status 1 if they do not.")

  @OptionGroup var options: LedgerOptions

  func run() throws {
    let path = try options.path()
    let check: LedgerCheck
    do throws(LedgerError) { check = try LedgerCheck(path) } catch { throw LedgerOptions.fail(path, error) }
    Terminal.print("calls: \(check.requests), and \(check.givenUp) of which only the sums were kept")
    Terminal.print("failed attempts before others: \(check.attempts)")
    if let holder = check.holder {
      Terminal.print("open calls: \(check.open), of \(holder)")
    } else {
      Terminal.print(
        "open calls: \(check.open)\(check.open > 0 ? ", which the next start closes as interrupted" : "")")
    }
    for problem in check.problems { Terminal.printError("\(path): \(problem)") }
    if !check.problems.isEmpty { throw ExitCode.failure }
    Terminal.print("the rows and the sums agree")
  }
}
