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

  /// Returns the value of a variable, or `nil` if it is not set.
  static func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
}
