@testable import Gateway

/// Reloads: valid, cut, opened, without keys, and not valid at all.
extension RoutingEpisode {
  /// Reloads by chance; `provider` is not configured any more.
  func reload(without provider: String? = nil) throws(Breach) {
    var next = setting.changed(&chance)
    if next.providers.count > 1 { next.providers.removeAll { $0.name == provider } }
    switch chance.below(8) {
    case 0: next.tokens = []
    case 1: (next.tokens, next.isOpen) = ([], true)
    case 2: (next.tokens, next.isOpen) = (["token-\(chance.below(3))"], false)
    case 3: next.bind = chance.pick(["0.0.0.0", "127.0.0.1", "::"])
    case 4: (next.tokens, next.isOpen) = ([], false)
    default: break
    }
    switch chance.below(7) {
    case 0: try use(chance.pick(["", "# nothing\n", "\n\n", "[server\n", "[server]\nport = \"x\"\n"]), setting)
    case 1: try use(cut(text), setting)
    case 2: try use(cut(next.text), next)
    default: try use(next.text, next)
    }
  }

  private func cut(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var end = chance.below(bytes.count + 1)
    // Often where a cut is hardest to see: at the end of a line, or within a number.
    switch chance.below(3) {
    case 0: end = bytes[..<end].lastIndex(of: 10).map { $0 + 1 } ?? end
    case 1:
      func isDigit(_ index: Int) -> Bool { (0x30...0x39).contains(bytes[index]) }
      end = bytes[..<end].indices.dropFirst().last { isDigit($0) && isDigit($0 - 1) } ?? end
    default: break
    }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// Reloads a text, which is that of a setting or a part of it.
  private func use(_ text: String, _ next: RoutingSetting) throws(Breach) {
    let isWhole = text == next.text
    let before = gateway.settings
    guard let read = try? Self.read(text), isWhole || (try? Self.read(next.text)) != nil else {
      return count(.invalid)
    }
    let objection = gateway.apply(read)
    let isWeaker = protection.mustReject(text, after: self.text)
    trace("reload of \(text.utf8.count) bytes: \(objection ?? "accepted")\(isWhole ? "" : " (cut)")")
    guard objection == nil else {
      if gateway.settings !== before { throw Breach(.protected, "a rejected file changes something") }
      if !isWeaker { throw Breach(.protected, "a file is rejected for no reason: \(objection ?? "")\n\(text)") }
      return count(.rejected)
    }
    if isWeaker { throw Breach(.protected, "a file is accepted:\n\(text)") }
    count(.reloaded)
    changes += 1
    protection.accepted(text)
    self.text = text
    forgetLists(read, before.configuration)
    setting = next
    try checkProtection()
    // The rules do not read files: after a part of one, the whole one is used.
    if !isWhole { try use(next.text, next) }
  }

  /// "A list keeps its last known content … until the provider's address changes."
  private func forgetLists(_ next: Configuration, _ before: Configuration) {
    func address(_ name: String, _ configuration: Configuration) -> String? {
      configuration.providers.first { $0.name == name && $0.isEnabled }?.baseURL.text
    }
    lists = lists.filter { name, _ in
      address(name, next) != nil && address(name, next) == address(name, before)
    }
    listed = []
  }

  /// Compares what protects the gateway now with the strictest file that it accepted.
  private func checkProtection() throws(Breach) {
    let needsKey = !gateway.settings.keys.allowsAnonymous
    if gateway.settings.configuration.auth.isOpen { count(.opened) }
    if !needsKey, protection.mustNeedKeys(text) { throw Breach(.protected, "callers need no key:\n\(text)") }
    if gateway.settings.configuration.server.bind != "127.0.0.1" {
      throw Breach(.protected, "the address is \(gateway.settings.configuration.server.bind)")
    }
    guard life == nil, chance.one(in: 3) else { return }
    if try rejectsKeyless() != needsKey { throw Breach(.protected, "a request without a key") }
  }
}
