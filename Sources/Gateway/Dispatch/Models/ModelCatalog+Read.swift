internal import HTTPText

/// An error in a model catalog file.
struct ModelCatalogError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Counted from 1.
  var line: Int
  var reason: String

  /// A sentence with the line and the reason.
  var description: String { "Line \(line) of the model catalog: \(reason)." }
}

/// The format of the catalog file: lines of JSON, of which the first identifies it.
///
/// ```
/// {"models":1,"date":"2026-11-24","source":"…"}
/// {"provider":"openai","model":"gpt-4o","context":128000,"output":16384,"can":["chat","tools","vision"],
///  "prices":{"input":2500000,"output":10000000,"cache_read":1250000}}
/// ```
///
/// (Each model is on one line.) Prices are in millionths of a US dollar per million tokens. `above` is a list of
/// other prices, each with the number of prompt `tokens` above which they apply. Unknown members are ignored.
extension ModelCatalog {
  /// The largest file, and the most models in it.
  static let bytesMax = 16 << 20
  static let modelsMax = 20_000
  /// The most prices of one model, by prompt length.
  static let bandsMax = 8
  /// The largest number of tokens and the largest price that are accepted.
  private static let tokensMax = Int64(1) << 40
  private static let priceMax = Int64(1) << 50

  /// Reads a file.
  static func read(_ file: Span<UInt8>) throws(ModelCatalogError) -> ModelCatalog {
    if file.count > bytesMax { throw ModelCatalogError(line: 1, reason: "more than \(bytesMax) bytes") }
    var catalog = ModelCatalog()
    var line = 0
    var start = 0
    while start < file.count {
      let end = Search.index(of: UInt8(ascii: "\n"), in: file, from: start)
      line += 1
      let text = file.extracting(start..<end)
      start = end + 1
      do throws(ModelCatalogReason) {
        if line == 1 {
          catalog = ModelCatalog(date: try header(text), [])
        } else if !isBlank(text) {
          if catalog.models.count == modelsMax { throw ModelCatalogReason("more than \(modelsMax) models") }
          catalog.set(try model(text))
        }
      } catch {
        throw ModelCatalogError(line: line, reason: error.reason)
      }
    }
    if line == 0 { throw ModelCatalogError(line: 1, reason: "the file is empty") }
    return catalog
  }

  private static func isBlank(_ line: Span<UInt8>) -> Bool { Scanner.skip(in: line, from: 0) == line.count }

  private static func header(_ line: Span<UInt8>) throws(ModelCatalogReason) -> String {
    let members = try ModelCatalogReason.members(whole: line)
    guard members.first("models", in: line)?.integer(in: line) == 1 else {
      throw ModelCatalogReason("it must begin with {\"models\":1,\"date\":\"…\"}")
    }
    guard let date = members.first("date", in: line)?.string(in: line), date.utf8.count == 10 else {
      throw ModelCatalogReason("`date` must be a day, as in \"2026-11-24\"")
    }
    return date
  }

  private static func model(_ line: Span<UInt8>) throws(ModelCatalogReason) -> Model {
    let members = try ModelCatalogReason.members(whole: line)
    var model = Model(
      provider: try name("provider", members, line), name: try name("model", members, line),
      context: try tokens("context", members, line), output: try tokens("output", members, line))
    if let can = members.first("can", in: line) {
      guard can.kind == .array else { throw ModelCatalogReason("`can` must be a list of words") }
      model.capabilities = try capabilities(can, line)
    }
    guard let value = members.first("prices", in: line) else { return model }
    let prices = try ModelCatalogReason.members(of: value, "prices", in: line)
    guard let input = try price("input", prices, line), let output = try price("output", prices, line) else {
      throw ModelCatalogReason("`prices` must have `input` and `output`")
    }
    let base = try band(prices, line, TokenPrices(input: input, output: output))
    model.prices = [base]
    if let above = prices.first("above", in: line) {
      for element in try ModelCatalogReason.elements(of: above, "above", in: line) {
        let members = try ModelCatalogReason.members(of: element, "above", in: line)
        var other = try band(members, line, base)
        guard let tokens = try tokens("tokens", members, line), tokens > model.prices[model.prices.count - 1].above,
          model.prices.count < bandsMax
        else { throw ModelCatalogReason("`above` must have at most \(bandsMax - 1) prices with growing `tokens`") }
        other.above = tokens
        model.prices.append(other)
      }
    }
    return model
  }

  /// Reads the prices for one range of prompt lengths; missing ones are those of `base`.
  private static func band(
    _ members: [Member], _ line: Span<UInt8>, _ base: TokenPrices
  ) throws(ModelCatalogReason) -> TokenPrices {
    var prices = base
    if let price = try price("input", members, line) { prices.input = price }
    if let price = try price("output", members, line) { prices.output = price }
    if let price = try price("cache_read", members, line) { prices.cacheRead = price }
    if let price = try price("cache_write", members, line) { prices.cacheWrite = price }
    if let price = try price("cache_write_long", members, line) { prices.cacheWriteLong = price }
    if let price = try price("reasoning", members, line) { prices.reasoning = price }
    if let price = try price("audio_in", members, line) { prices.audioIn = price }
    if let price = try price("audio_out", members, line) { prices.audioOut = price }
    return prices
  }

  private static func capabilities(
    _ list: JSONValue, _ line: Span<UInt8>
  ) throws(ModelCatalogReason) -> ModelCapabilities {
    var capabilities: ModelCapabilities = []
    for element in try ModelCatalogReason.elements(of: list, "can", in: line) {
      // Capabilities of a newer format are ignored.
      for (capability, word) in ModelCapabilities.words where element.equals(word, in: line) {
        capabilities.insert(capability)
      }
    }
    return capabilities
  }

  private static func name(
    _ key: StaticString, _ members: [Member], _ line: Span<UInt8>
  ) throws(ModelCatalogReason) -> String {
    guard let name = members.first(key, in: line)?.string(in: line), (1...256).contains(name.utf8.count) else {
      throw ModelCatalogReason("`\(key)` must be a name of at most 256 bytes")
    }
    return name
  }

  private static func tokens(
    _ key: StaticString, _ members: [Member], _ line: Span<UInt8>
  ) throws(ModelCatalogReason) -> Int? {
    guard let value = members.first(key, in: line) else { return nil }
    guard let number = value.integer(in: line), (1...tokensMax).contains(number) else {
      throw ModelCatalogReason("`\(key)` must be a number of tokens")
    }
    return Int(number)
  }

  private static func price(
    _ key: StaticString, _ members: [Member], _ line: Span<UInt8>
  ) throws(ModelCatalogReason) -> UInt64? {
    guard let value = members.first(key, in: line) else { return nil }
    guard let number = value.integer(in: line), (0...priceMax).contains(number) else {
      throw ModelCatalogReason("`\(key)` must be a whole number of millionths of a dollar for a million tokens")
    }
    return UInt64(number)
  }
}

/// The reason why a line is invalid.
private struct ModelCatalogReason: Error {
  var reason: String

  init(_ reason: String) { self.reason = reason }

  /// Returns the members of the object on a line.
  static func members(whole line: Span<UInt8>) throws(ModelCatalogReason) -> [Member] {
    var members: [Member] = []
    do throws(JSONError) {
      var cursor = try ObjectCursor(whole: line)
      while let member = try cursor.next(in: line) { members.append(member) }
    } catch {
      throw ModelCatalogReason(error.description)
    }
    return members
  }

  /// Returns the members of an object within a line.
  static func members(
    of value: JSONValue, _ key: StaticString, in line: Span<UInt8>
  ) throws(ModelCatalogReason) -> [Member] {
    guard value.kind == .object else { throw ModelCatalogReason("`\(key)` must be an object") }
    var members: [Member] = []
    do throws(JSONError) {
      var cursor = try ObjectCursor(in: line, at: Int(value.slice.start))
      while let member = try cursor.next(in: line) { members.append(member) }
    } catch {
      throw ModelCatalogReason(error.description)
    }
    return members
  }

  /// Returns the elements of a list within a line.
  static func elements(
    of value: JSONValue, _ key: StaticString, in line: Span<UInt8>
  ) throws(ModelCatalogReason) -> [JSONValue] {
    guard value.kind == .array else { throw ModelCatalogReason("`\(key)` must be a list") }
    var elements: [JSONValue] = []
    do throws(JSONError) {
      var cursor = try ArrayCursor(in: line, at: Int(value.slice.start))
      while let element = try cursor.next(in: line) { elements.append(element) }
    } catch {
      throw ModelCatalogReason(error.description)
    }
    return elements
  }
}

extension [Member] {
  /// Returns the value of the first member with a name.
  fileprivate func first(_ name: StaticString, in json: Span<UInt8>) -> JSONValue? {
    for member in self where member.keyEquals(name, in: json) { return member.value }
    return nil
  }
}
