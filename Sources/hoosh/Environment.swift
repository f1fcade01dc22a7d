import Glibc

/// The environment variables of this process.
enum Environment {
  /// All variables, by name.
  static var variables: [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let pair = unsafe String(cString: text)
      if let sign = pair.firstIndex(of: "=") {
        variables[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
      }
      unsafe entry += 1
    }
    return variables
  }

  /// Returns the value of a variable, or `nil` if it is not set. An empty one is not set: that is how compose files and
  /// shells unset a variable for one program.
  static func value(_ name: String) -> String? {
    guard let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty else { return nil }
    return value
  }

  /// Returns a text without spaces and line breaks at its ends.
  static func trimmed(_ text: String) -> String {
    let rest = text.drop(while: \.isWhitespace)
    return String(
      rest.prefix(upTo: rest.lastIndex { !$0.isWhitespace }.map { rest.index(after: $0) } ?? rest.startIndex))
  }
}
