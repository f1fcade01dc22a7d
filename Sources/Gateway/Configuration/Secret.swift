/// An API key, which no description or dump shows.
public struct Secret: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The length of the longest secret, in bytes.
  public static let bytesMax = 4096

  private let value: String

  /// Creates a secret from its text. Returns `nil` unless it has 1...4096 bytes of visible ASCII, as a header field
  /// requires.
  public init?(_ value: String) {
    guard (1...Self.bytesMax).contains(value.utf8.count), value.utf8.allSatisfy(Self.isVisible) else { return nil }
    self.value = value
  }

  /// Returns the secret itself, which must not be printed.
  public func reveal() -> String { value }

  public var description: String { "***" }
  public var debugDescription: String { "***" }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Returns whether a byte is allowed in a secret: printable ASCII except the space (RFC 9110, VCHAR).
  static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) }
}

extension Secret {
  /// Returns the secret that a text of a file stands for. `$NAME` and `${NAME}` are environment variables.
  static func expanding(_ text: String, in environment: [String: String]) throws(SecretError) -> Secret {
    guard text.utf8.first == UInt8(ascii: "$") else {
      guard !text.isEmpty else { throw .empty }
      guard let secret = Secret(text) else { throw .unprintable("it") }
      return secret
    }
    var name = text.dropFirst()
    if name.utf8.first == UInt8(ascii: "{"), name.utf8.last == UInt8(ascii: "}") {
      name = name.dropFirst().dropLast()
    }
    guard isName(name) else { throw .noName }
    guard let value = environment[String(name)] else { throw .unset(String(name)) }
    guard !value.isEmpty else { throw .emptyVariable(String(name)) }
    guard let secret = Secret(value) else { throw .unprintable("the variable \(name)") }
    return secret
  }

  /// Returns whether a text is the name of a variable: a letter or `_`, then letters, digits, and `_` (POSIX, XBD
  /// 3.216).
  private static func isName(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
      default: false
      }
    }
  }
}

/// The reason why a text of a file is not a secret.
enum SecretError: Error, Equatable, Sendable {
  case empty
  case unset(String)
  case emptyVariable(String)
  case noName
  case unprintable(String)

  /// The reason as the end of a sentence that begins with the key.
  var message: String {
    switch self {
    case .empty: "is empty; remove the line or set the secret"
    case .unset(let name): "names the environment variable \(name), which is not set; set it or remove the line"
    case .emptyVariable(let name):
      "names the environment variable \(name), which is empty; set it or remove the line"
    case .noName: "begins with $ but does not name an environment variable; write \"$NAME\" or \"${NAME}\""
    case .unprintable(let what):
      "is not allowed in a header field: \(what) must be at most \(Secret.bytesMax) visible ASCII characters, "
        + "without spaces or line breaks"
    }
  }
}
