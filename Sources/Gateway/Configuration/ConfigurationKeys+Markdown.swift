extension ConfigurationKeys {
  /// The reference of all keys, as `docs/configuration.md` has it.
  public static var markdown: String {
    var text = """
      # Configuration

      <!-- Written by `ConfigurationKeys.markdown`, which a test compares with this file. -->

      hoosh reads one TOML file of at most 1 MiB. Unknown keys, values of the wrong type or out of bounds, and
      keys of features that do not exist yet are errors at start, each with its file, line and column. A secret
      is a string of visible ASCII; a whole value `$NAME` or `${NAME}` is taken from the environment.
      See `hoosh.example.toml` for a file to begin with.

      """
    var section = ""
    for key in all where key.availability == .now || key.path.hasPrefix("server.") {
      append(key, to: &text, &section, isUnsupported: false)
    }
    text += """

      ## Not yet

      Keys of features that do not exist yet. They are known, so that setting one is an error that says so; the
      value in the last column asks for nothing and is accepted. The other keys of a section are accepted too
      where the section's own switch is at that value: \
      \(switches.values.sorted().map { "`\($0)`" }.joined(separator: ", ")).

      | Key | Value | Default | Meaning | Missing | Accepted |
      | --- | --- | --- | --- | --- | --- |

      """
    for key in unsupported { append(key, to: &text, &section, isUnsupported: true) }
    return text
  }

  private static func append(
    _ key: ConfigurationKey, to text: inout String, _ section: inout String, isUnsupported: Bool
  ) {
    if !isUnsupported, case .unsupported = key.availability, unsupported.contains(where: { $0.path == key.path }) {
      return
    }
    let prefix = String(key.path.prefix { $0 != "." })
    if !isUnsupported, prefix != section {
      section = prefix
      let title = prefix.hasSuffix("[]") ? "[[\(prefix.dropLast(2))]]" : "[\(prefix)]"
      text += "\n## \(title)\n\n| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n"
    }
    text += "| `\(key.path)` | \(key.expectation) | \(defaultValue(key)) | \(key.documentation) |"
    if isUnsupported, case .unsupported(let feature, let off) = key.availability {
      text += " \(feature) | \(off.map { $0.isEmpty ? "`\"\"`" : "`\($0)`" } ?? "") |"
    }
    text += "\n"
  }

  private static func defaultValue(_ key: ConfigurationKey) -> String {
    if key.isRequired { return "required" }
    switch key.kind {
    case .strings, .secrets: return "`[]`"
    case .word where key.defaultValue.isEmpty: return "`\"\"`"
    default: return key.defaultValue.isEmpty ? "none" : "`\(key.defaultValue)`"
    }
  }
}
