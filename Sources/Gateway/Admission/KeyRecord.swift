internal import Digest

/// A key of the key file: its identity, what it may do, and the hash of the key itself, which is not stored.
public struct KeyRecord: Sendable, Equatable {
  /// The most earlier keys that are still accepted beside the present one.
  static let previousMax = 4
  /// Patterns of models, and names of providers, that one key may have.
  static let patternsMax = 256
  /// Bytes of a pattern or of a provider's name.
  static let patternBytesMax = 256
  /// Bytes of a name.
  static let nameBytesMax = 64
  /// Hexadecimal digits of an ID.
  static let idDigits = 16

  /// The models, providers, and rights of a key, its team, and its end.
  public struct Terms: Sendable, Equatable {
    public var team: String?
    /// Patterns of the models that it may use. Empty means all.
    public var models: [String]
    /// Names of the providers that may serve it. Empty means all.
    public var providers: [String]
    public var rights: [Configuration.Key.Right]
    /// When it expires, in seconds since 1970. `nil` means never.
    public var expiry: Int64?

    /// Returns the expiry of a key that is accepted until the end of a day, in UTC, as in `2027-01-31`; `nil` for another
    /// text.
    public static func expiry(atEndOf day: String) -> Int64? { CivilDate.seconds(toEndOf: day) }

    /// When it expires, as in `2027-02-01T00:00:00Z`; `nil` means never.
    public var expiryText: String? {
      guard let expiry else { return nil }
      var out: [UInt8] = []
      CivilDate.append(secondsSince1970: UInt64(clamping: expiry), to: &out)
      return String(decoding: out, as: UTF8.self) + "Z"
    }

    public init(
      team: String? = nil, models: [String] = [], providers: [String] = [],
      rights: [Configuration.Key.Right] = [.call], expiry: Int64? = nil
    ) {
      self.team = team
      self.models = models
      self.providers = providers
      self.rights = rights
      self.expiry = expiry
    }
  }

  /// An earlier key, which is accepted until a time.
  struct Previous: Sendable, Equatable {
    var hash: Digest256
    /// Seconds since 1970.
    var until: Int64
  }

  /// A random number, which is the caller's identity.
  let id: CallerID
  public let name: String
  public var terms: Terms
  /// When it was created, and when the key itself was replaced last, in seconds since 1970.
  public let created: Int64
  public internal(set) var rotated: Int64?
  /// The keyed hash of the key.
  var hash: Digest256
  var previous: [Previous] = []

  /// The ID as text: 16 hexadecimal digits.
  public var idText: String { Self.text(of: id) }

  static func text(of id: CallerID) -> String {
    let digits = String(id.bits, radix: 16)
    return String(repeating: "0", count: max(0, idDigits - digits.count)) + digits
  }

  /// Returns the ID that a text of 16 hexadecimal digits is, or `nil` for another text.
  static func id(_ text: String) -> CallerID? {
    guard text.utf8.count == idDigits, text.utf8.allSatisfy(isHexadecimal) else { return nil }
    return UInt64(text, radix: 16).map { CallerID(bits: $0) }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  /// The reason why a name cannot be that of a key or a team, or `nil` if it can.
  static func objection(toName name: String, of subject: String) -> String? {
    guard (1...nameBytesMax).contains(name.utf8.count), let first = name.utf8.first, first.isAlphanumeric,
      name.utf8.allSatisfy({ $0.isAlphanumeric || ".-_@+".utf8.contains($0) })
    else {
      return
        "the \(subject) must be 1 to \(nameBytesMax) letters, digits, and . _ - @ +, and begin with a letter or digit"
    }
    // Callers without a key, keys of `auth.tokens`, and IDs have names of their own.
    if name == Caller.anonymous.name || id(name) != nil
      || name.hasPrefix("key-") && name.dropFirst(4).allSatisfy(\.isNumber)
    {
      return "the \(subject) `\(name)` is reserved"
    }
    return nil
  }

  /// The reason why a key cannot have these terms, or `nil` if it can.
  static func objection(to terms: Terms) -> String? {
    if let team = terms.team, let reason = objection(toName: team, of: "team") { return reason }
    for (list, subject) in [(terms.models, "models"), (terms.providers, "providers")] {
      guard list.count <= patternsMax else { return "at most \(patternsMax) \(subject) can be listed" }
      for text in list {
        guard (1...patternBytesMax).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { return "the \(subject) must have 1 to \(patternBytesMax) bytes each, without control characters" }
      }
    }
    if terms.rights.isEmpty { return "a key needs at least one right: call, spend, or admin" }
    for (index, right) in terms.rights.enumerated() where terms.rights[..<index].contains(right) {
      return "a right is listed twice"
    }
    if let expiry = terms.expiry, expiry < 0 { return "the expiry is before 1970" }
    return nil
  }
}

extension KeyRecord {
  /// Appends what may be known of the key as a JSON object, without any hash.
  public func append(to out: inout [UInt8]) {
    out.append("{")
    Writer.member("object", "key", to: &out)
    Writer.member("id", idText, to: &out)
    Writer.member("name", name, to: &out)
    if let team = terms.team { Writer.member("team", team, to: &out) }
    Writer.member("models", terms.models, to: &out)
    Writer.member("providers", terms.providers, to: &out)
    Writer.member("rights", terms.rights.map(\.rawValue), to: &out)
    Self.append("created", created, to: &out)
    if let rotated { Self.append("rotated", rotated, to: &out) }
    if let expiry = terms.expiry { Self.append("expires", expiry, to: &out) }
    if let until = previous.map(\.until).max() { Self.append("previous_accepted_until", until, to: &out) }
    out.append("}")
  }

  /// The object as text.
  public var json: String {
    var out: [UInt8] = []
    append(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private static func append(_ name: StaticString, _ seconds: Int64, to out: inout [UInt8]) {
    Writer.key(name, to: &out)
    CivilDate.appendString(secondsSince1970: UInt64(clamping: seconds), to: &out)
  }
}
