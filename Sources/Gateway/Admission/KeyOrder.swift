/// A question about the keys of a key file, or a change of them, with all that it needs.
public enum KeyOrder: Sendable, Equatable {
  /// The keys in the order of their creation: at most `limit`, from the one after `after` on, which is an ID or a name.
  case list(after: String?, limit: Int)
  /// One key, by its ID or its name.
  case show(String)
  case create(name: String, KeyRecord.Terms)
  case rotate(String, grace: Int64)
  case revoke(String)

  /// The result of an order.
  public struct Outcome: Sendable {
    public var records: [KeyRecord]
    /// Whether a list goes on behind the last record.
    public var hasMore = false
    /// The key itself, if the order made one.
    public var secret: Secret?

    /// The first key as a JSON object, with the key itself in `key` if the order made one. This is the only text that has it.
    public var json: [UInt8] {
      var out: [UInt8] = []
      records.first?.append(to: &out)
      guard let secret, out.popLast() != nil else { return out }
      Writer.member("key", secret.reveal(), to: &out)
      out.append("}")
      return out
    }

    /// All keys as the list of an API.
    var listJSON: [UInt8] {
      var out: [UInt8] = Array("{".utf8)
      Writer.member("object", "list", to: &out)
      Writer.key("data", to: &out)
      out.append("[")
      for record in records {
        Writer.separate(&out)
        record.append(to: &out)
      }
      out.append("]")
      Writer.member("has_more", hasMore, to: &out)
      out.append("}")
      return out
    }
  }

  /// Whether the result is a list.
  var isList: Bool { if case .list = self { true } else { false } }

  /// The change as a participle, as in "was created"; empty for a question.
  var done: String {
    switch self {
    case .list, .show: ""
    case .create: "created"
    case .rotate: "rotated"
    case .revoke: "revoked"
    }
  }

  /// Whether the order changes the file.
  public var isChange: Bool {
    switch self {
    case .list, .show: false
    case .create, .rotate, .revoke: true
    }
  }
}

extension KeyFile {
  /// Carries out an order.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - reserved: Names of keys elsewhere.
  ///   - expiryMax: The time beyond which no key may be handed out; `nil` for none.
  public mutating func perform(
    _ order: KeyOrder, at now: Int64, reserved: Set<String> = [], expiryMax: Int64? = nil
  ) throws(KeyError) -> KeyOrder.Outcome {
    switch order {
    case .list(let after, let limit):
      var rest = records[...]
      if let after {
        let last = try find(after)
        rest = rest.drop { $0.id != last.id }.dropFirst()
      }
      return KeyOrder.Outcome(records: Array(rest.prefix(limit)), hasMore: rest.count > limit)
    case .show(let key): return KeyOrder.Outcome(records: [try find(key)])
    case .create(let name, var terms):
      if terms.expiry == nil { terms.expiry = expiryMax }
      try Self.checkExpiry(terms, expiryMax)
      let (record, secret) = try create(name, terms, at: now, reserved: reserved)
      return KeyOrder.Outcome(records: [record], secret: secret)
    case .rotate(let key, let grace):
      try Self.checkExpiry(find(key).terms, expiryMax)
      let (record, secret) = try rotate(key, grace: grace, at: now)
      return KeyOrder.Outcome(records: [record], secret: secret)
    case .revoke(let key): return KeyOrder.Outcome(records: [try revoke(key)])
    }
  }

  /// Throws if a key would be valid for longer than the key of the caller that asks for it.
  private static func checkExpiry(_ terms: KeyRecord.Terms, _ expiryMax: Int64?) throws(KeyError) {
    guard let expiryMax, terms.expiry.map({ $0 > expiryMax }) ?? true else { return }
    throw KeyError(.invalid, "a key cannot hand out one that expires later than itself")
  }
}
