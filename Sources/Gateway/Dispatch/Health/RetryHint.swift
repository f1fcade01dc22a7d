/// How long to wait after a 429 or 503, from all header fields and the body that say something about it.
///
/// An explicit time takes precedence: `retry-after-ms`, then `retry-after`, then the body. Otherwise it is the latest
/// reset of the limits that are used up, or if none is reported as used up, the earliest reset of any limit.
struct RetryHint: Sendable {
  /// The most limits that are read; more are ignored.
  static let limitsMax = 8

  /// The names of the header fields.
  static let fields: [StaticString] = [
    "retry-after-ms", "retry-after",
    // The draft standard (draft-ietf-httpapi-ratelimit-headers), and its predecessors.
    "ratelimit", "ratelimit-reset", "ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-remaining",
    // OpenAI, Groq, and many others.
    "x-ratelimit-reset-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-tokens",
    // Cerebras.
    "x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day", "x-ratelimit-reset-tokens-minute",
    "x-ratelimit-remaining-tokens-minute",
    // Anthropic.
    "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining",
  ]

  private struct Limit: Sendable {
    /// A hash of the limit's name.
    var name: UInt64
    var reset: Duration?
    var isUsedUp = false
  }

  private var milliseconds: Duration?
  private var field: Duration?
  private var body: Duration?
  private var limits: [Limit] = []

  init() {}

  /// Reads all fields that `value` returns; `now` is in seconds since 1970.
  init(now: Int, _ value: (StaticString) -> String?) {
    for name in Self.fields {
      if let value = value(name) { note(name.bytes, value.utf8.span, now: now) }
    }
  }

  /// How long to wait; `nil` if the response does not say.
  var wait: Duration? {
    if let said = milliseconds ?? field ?? body { return said }
    if let slowest = limits.filter(\.isUsedUp).compactMap(\.reset).max() { return slowest }
    return limits.compactMap(\.reset).filter { $0 > .zero }.min()
  }

  /// Reads one field; its name may be in any case.
  mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>, now: Int) {
    if name.equalsIgnoringCase(("retry-after-ms" as StaticString).bytes) {
      milliseconds = RetryAfter.milliseconds(value)
    } else if name.equalsIgnoringCase(("retry-after" as StaticString).bytes) {
      field = RetryAfter.field(value, now: now)
    } else if name.equalsIgnoringCase(("ratelimit" as StaticString).bytes) {
      noteList(value)
    } else if let rest = Self.part(name, behind: "anthropic-ratelimit-") {
      if let limit = Self.part(rest, before: "-reset") {
        noteReset(limit, value, now)
      } else if let limit = Self.part(rest, before: "-remaining") {
        noteRemaining(limit, value)
      }
    } else {
      let rest = Self.behindX(name)
      if let limit = Self.part(rest, behind: "ratelimit-reset") {
        noteReset(limit, value, now)
      } else if let limit = Self.part(rest, behind: "ratelimit-remaining") {
        noteRemaining(limit, value)
      }
    }
  }

  /// Reads the draft standard's list of limits: `"hour";r=0;t=1800, "day";r=9;t=50000`, or before version 7
  /// `limit=100, remaining=0, reset=50`.
  private mutating func noteList(_ value: Span<UInt8>) {
    var item = 0
    var start = 0
    var isQuoted = false
    for index in 0...value.count {
      let byte = index < value.count ? value[index] : UInt8(ascii: ",")
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard !isQuoted || index == value.count, byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") else {
        continue
      }
      noteParameter(value.extracting(start..<index), item)
      start = index + 1
      if byte == UInt8(ascii: ","), index + 1 < value.count, !Self.isOldList(value) { item += 1 }
      if item >= Self.limitsMax { return }
    }
  }

  private static func isOldList(_ value: Span<UInt8>) -> Bool {
    part(value, behind: "limit=") != nil || part(value, behind: "remaining=") != nil
      || part(value, behind: "reset=") != nil
  }

  private mutating func noteParameter(_ text: Span<UInt8>, _ item: Int) {
    var start = 0
    while start < text.count, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
    let text = text.extracting(start...)
    let name = [UInt8(truncatingIfNeeded: item)]
    for prefix in ["r=", "remaining="] as [StaticString] {
      if let rest = Self.part(text, behind: prefix) { return noteRemaining(name.span, rest) }
    }
    for prefix in ["t=", "reset="] as [StaticString] {
      if let rest = Self.part(text, behind: prefix) { return noteReset(name.span, rest, 0) }
    }
  }

  /// Reads the response body.
  mutating func note(body: Span<UInt8>) { self.body = RetryAfter.retryInfo(body) }

  private mutating func noteReset(_ limit: Span<UInt8>, _ value: Span<UInt8>, _ now: Int) {
    let reset = RetryAfter.reset(value, now: now)
    note(limit) { $0.reset = reset }
  }

  private mutating func noteRemaining(_ limit: Span<UInt8>, _ value: Span<UInt8>) {
    let isUsedUp = Self.isNothing(value)
    note(limit) { $0.isUsedUp = isUsedUp }
  }

  private mutating func note(_ name: Span<UInt8>, _ change: (inout Limit) -> Void) {
    // FNV-1a; two limits of one response that collide only count as one.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in name.indices { hash = (hash ^ UInt64(name[index].lowercased)) &* 0x100_0000_01b3 }
    if let index = limits.firstIndex(where: { $0.name == hash }) { return change(&limits[index]) }
    guard limits.count < Self.limitsMax else { return }
    var limit = Limit(name: hash)
    change(&limit)
    limits.append(limit)
  }

  @_lifetime(copy name)
  private static func behindX(_ name: Span<UInt8>) -> Span<UInt8> {
    guard let rest = part(name, behind: "x-") else { return name }
    return rest
  }

  @_lifetime(copy name)
  private static func part(_ name: Span<UInt8>, behind prefix: StaticString) -> Span<UInt8>? {
    let count = prefix.utf8CodeUnitCount
    guard name.count >= count, name.extracting(..<count).equalsIgnoringCase(prefix.bytes) else { return nil }
    return name.extracting(count...)
  }

  @_lifetime(copy name)
  private static func part(_ name: Span<UInt8>, before suffix: StaticString) -> Span<UInt8>? {
    let count = name.count - suffix.utf8CodeUnitCount
    guard count >= 0, name.extracting(count...).equalsIgnoringCase(suffix.bytes) else { return nil }
    return name.extracting(..<count)
  }

  /// Returns whether the value is zero.
  private static func isNothing(_ value: Span<UInt8>) -> Bool {
    guard !value.isEmpty, value.count <= RetryAfter.bytesMax else { return false }
    for index in value.indices where ![0x20, UInt8(ascii: "0"), UInt8(ascii: ".")].contains(value[index]) {
      return false
    }
    return true
  }
}
