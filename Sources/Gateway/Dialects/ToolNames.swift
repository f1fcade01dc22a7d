internal import Digest

/// The names of tools that a provider does not accept, and those that it receives in their place.
struct ToolNames: Sendable {
  private var sent: [[UInt8]: [UInt8]] = [:]
  private var callers: [[UInt8]: EscapedText] = [:]

  /// Bytes of the hash at the end of a changed name, which follows an underscore.
  private static let hashBytes = 8

  var isEmpty: Bool { callers.isEmpty }

  /// Returns the name that a provider receives for a tool.
  mutating func name(for text: EscapedText, bytesMax: Int, _ json: Span<UInt8>) -> EscapedText {
    let name = text.unescaped(in: json)
    let isAccepted = name.count <= bytesMax && !name.isEmpty && name.allSatisfy(Self.isAccepted)
    if isAccepted { return text }
    if let known = sent[name] { return .owned(known) }
    let changed = Self.changed(name, bytesMax: bytesMax)
    sent[name] = changed
    callers[changed] = .owned(text.bytes(in: json))
    return .owned(changed)
  }

  /// Returns the event with the caller's name of its tool.
  func restored(_ event: ChatEvent, _ json: Span<UInt8>) -> ChatEvent {
    guard !callers.isEmpty, case .callBegan(let call, let id, let name) = event,
      let callers = callers[name.unescaped(in: json)]
    else { return event }
    return .callBegan(call: call, id: id, name: callers)
  }

  /// Returns a name of accepted characters, with a hash of the whole name, so that it is the same in each request and
  /// that two tools do not get one name.
  private static func changed(_ name: [UInt8], bytesMax: Int) -> [UInt8] {
    var changed = name.prefix(bytesMax - hashBytes - 1).map { isAccepted($0) ? $0 : UInt8(ascii: "_") }
    changed.append(UInt8(ascii: "_"))
    changed.append(contentsOf: SHA256.hash(name.span).description.utf8.prefix(hashBytes))
    return changed
  }

  static func isAccepted(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }
}
