import ArgumentParser
import Gateway

/// The `keys` command, which makes, shows, and revokes the keys of the key file.
struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, show, rotate, and revoke the API keys of callers.",
    discussion: """
      The keys are in the file that `key_file` in [auth] names. A running gateway notices each change within a second. A \
      key is shown once, when it is made: the file has only its hash.
      """,
    subcommands: [Create.self, List.self, Show.self, Rotate.self, Revoke.self])

  /// Which key file is meant.
  struct FileOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration that names the key file. Defaults to ./hoosh.toml.")
    var config: String?

    @Option(help: "The key file, whatever a configuration says.")
    var file: String?

    /// Carries out an order. Prints the reason and exits if it cannot be.
    func perform(_ order: KeyOrder) throws -> KeyOrder.Outcome {
      let (store, reserved) = try store()
      do throws(KeyError) { return try store.perform(order, reserved: reserved).outcome } catch {
        Terminal.printError("hoosh: \(error)")
        switch error.kind {
        case .invalid, .notFound, .conflict: throw ExitCode.failure
        case .file: throw ExitCode.input
        case .damaged: throw ExitCode.configuration
        }
      }
    }

    /// Returns the file, and the names of keys in the configuration.
    private func store() throws -> (KeyFileStore, Set<String>) {
      if let file { return (KeyFileStore(file), []) }
      let path = config ?? ConfigurationSource.defaultName
      guard config != nil || ConfigurationFile.isRegular(path) else {
        throw ValidationError(
          "There is no \(path) here. Give the key file with --file, or a configuration with --config.")
      }
      let auth = try ConfigurationSource.load(config).configuration.auth
      guard !auth.keyFile.isEmpty else {
        Terminal.printError("hoosh: \(path) names no key file; add `key_file = \"hoosh.keys\"` to [auth]")
        throw ExitCode.configuration
      }
      return (KeyFileStore(auth.keyFile), Set(auth.keys.map(\.name)))
    }
  }

  /// How a key that was made is printed.
  struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    /// Prints a new key alone on standard output, so that a script can store it.
    func print(_ outcome: KeyOrder.Outcome, _ done: String) {
      if json { return Terminal.write(outcome.json + [0x0a]) }
      if let secret = outcome.secret { Terminal.print(secret.reveal()) }
      Terminal.printError("hoosh: \(done)")
    }
  }

  /// Reads a time such as 90s, 30m, 12h, or 7d, in seconds. Throws a `ValidationError` for another text.
  static func seconds(_ text: String) throws -> Int64 {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let unit = text.last.flatMap { units[$0] }
    guard let number = Int64(unit == nil ? text : String(text.dropLast())), number >= 0,
      case (let seconds, false) = number.multipliedReportingOverflow(by: unit ?? 1)
    else { throw ValidationError("`\(text)` is no time. Give seconds, or a number with s, m, h, or d, as in 7d.") }
    return seconds
  }
}

extension Keys {
  /// `keys create`.
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key, and print it once.")

    @Argument(help: "A unique name, by which limits, budgets, and logs refer to the key.")
    var name: String

    @Option(help: "The team of the key, for limits and budgets of teams.")
    var team: String?

    @Option(help: "A pattern of models that the key may use. Repeat it for more. Without it, all.")
    var model: [String] = []

    @Option(help: "The name of a provider that may serve the key. Repeat it for more. Without it, all.")
    var provider: [String] = []

    @Option(
      help: "`call`, `spend` (see the costs of all), or `admin` (everything). Repeat it for more. Defaults to call."
    )
    var right: [String] = []

    @Option(help: "The last day on which the key is accepted, in UTC, as in 2027-01-31.")
    var expires: String?

    @OptionGroup var file: FileOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let rights = try right.map { word in
        guard let right = Configuration.Key.Right(rawValue: word) else {
          throw ValidationError("`\(word)` is no right. Use call, spend, or admin.")
        }
        return right
      }
      let expiry = try expires.map { day in
        guard let expiry = KeyRecord.Terms.expiry(atEndOf: day) else {
          throw ValidationError("`\(day)` is no day. Write it as in 2027-01-31.")
        }
        return expiry
      }
      let terms = KeyRecord.Terms(
        team: team, models: model, providers: provider, rights: rights.isEmpty ? [.call] : rights, expiry: expiry)
      let outcome = try file.perform(.create(name: name, terms))
      output.print(outcome, "made the key `\(name)`; it is not shown again")
    }
  }

  /// `keys list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys, without the keys themselves.")

    @OptionGroup var file: FileOptions
    @Flag(help: "Print one JSON object per line.")
    var json = false

    func run() throws {
      let records = try file.perform(.list(after: nil, limit: KeyFile.keysMax)).records
      if json { return Terminal.write(Array(records.map { $0.json + "\n" }.joined().utf8)) }
      let rows =
        [["NAME", "ID", "TEAM", "RIGHTS", "EXPIRES", "MODELS"]]
        + records.map { record in
          let terms = record.terms
          return [
            record.name, record.idText, terms.team ?? "-", terms.rights.map(\.rawValue).joined(separator: ","),
            terms.expiryText ?? "never", terms.models.isEmpty ? "all" : terms.models.joined(separator: ","),
          ]
        }
      let widths = rows[0].indices.map { column in rows.map(\.[column].count).max() ?? 0 }
      var text = ""
      for row in rows {
        for (cell, width) in zip(row.dropLast(), widths) {
          text += cell + String(repeating: " ", count: width - cell.count + 2)
        }
        text += (row.last ?? "") + "\n"
      }
      Terminal.write(Array(text.utf8))
    }
  }

  /// `keys show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show one key as JSON, without the key itself.")

    @Argument(help: "The name or the ID of the key.")
    var key: String

    @OptionGroup var file: FileOptions

    func run() throws { Terminal.write(try file.perform(.show(key)).json + [0x0a]) }
  }

  /// `keys rotate`.
  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replace a key, and print the new one once.",
      discussion: "The caller stays the same: its limits, budgets, and costs go on.")

    @Argument(help: "The name or the ID of the key.")
    var key: String

    @Option(
      help: """
        The time for which the key before is still accepted, as in 90s, 12h, or 7d. 0 ends it, and all earlier ones. \
        Defaults to 1d.
        """, transform: Keys.seconds)
    var grace: Int64 = KeyFile.graceDefault

    @OptionGroup var file: FileOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let outcome = try file.perform(.rotate(key, grace: grace))
      let rest = grace == 0 ? "no earlier key is accepted" : "the key before is accepted for \(grace) s more"
      output.print(outcome, "rotated the key `\(outcome.records[0].name)`; it is not shown again, and \(rest)")
    }
  }

  /// `keys revoke`.
  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a key, so that it is accepted no longer.")

    @Argument(help: "The name or the ID of the key.")
    var key: String

    @OptionGroup var file: FileOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let outcome = try file.perform(.revoke(key))
      output.print(outcome, "revoked the key `\(outcome.records[0].name)`")
    }
  }
}
