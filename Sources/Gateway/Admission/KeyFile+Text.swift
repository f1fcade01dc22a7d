internal import Digest

/// The text of a key file: a header line and one line for each key, all of them JSON objects.
///
/// The header has the version, the secret for hashes, the number of keys, and the HMAC-SHA256 of everything behind it, by
/// which a file that was cut, changed by hand, or mixed from two is told from a whole one.
extension KeyFile {
  /// The version of the format.
  private static let version: Int64 = 1
  /// Bytes of the largest file.
  public static let bytesMax = 256 * 1024 * 1024
  /// Bytes of the header, at most.
  private static let headerBytesMax = 512

  /// The file's text.
  public var text: [UInt8] {
    var lines: [UInt8] = []
    for record in records {
      Self.append(record, to: &lines)
      lines.append(0x0a)
    }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("hoosh_keys", Int(Self.version), to: &out)
    Writer.member("hash_key", Self.hexadecimal(hashKey), to: &out)
    Writer.member("keys", records.count, to: &out)
    Writer.member("checksum", Self.hash(lines.span, with: hashKey).description, to: &out)
    out.append("}\n")
    out += lines
    return out
  }

  private static func append(_ record: KeyRecord, to out: inout [UInt8]) {
    out.append("{")
    Writer.member("id", record.idText, to: &out)
    Writer.member("name", record.name, to: &out)
    if let team = record.terms.team { Writer.member("team", team, to: &out) }
    if !record.terms.models.isEmpty { Writer.member("models", record.terms.models, to: &out) }
    if !record.terms.providers.isEmpty { Writer.member("providers", record.terms.providers, to: &out) }
    Writer.member("rights", record.terms.rights.map(\.rawValue), to: &out)
    if let expiry = record.terms.expiry { Writer.member("expires", Int(clamping: expiry), to: &out) }
    Writer.member("created", Int(clamping: record.created), to: &out)
    if let rotated = record.rotated { Writer.member("rotated", Int(clamping: rotated), to: &out) }
    Writer.member("hash", record.hash.description, to: &out)
    if !record.previous.isEmpty {
      Writer.key("previous", to: &out)
      out.append("[")
      for previous in record.previous {
        Writer.separate(&out)
        out.append("{")
        Writer.member("hash", previous.hash.description, to: &out)
        Writer.member("until", Int(clamping: previous.until), to: &out)
        out.append("}")
      }
      out.append("]")
    }
    out.append("}")
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  // MARK: Reading

  /// Reads the text of a file. Every byte counts: nothing is skipped, repaired, or taken for a default.
  public init(text: [UInt8]) throws(KeyError) {
    let end = text.prefix(Self.headerBytesMax).firstIndex(of: 0x0a)
    guard let end, text.count <= Self.bytesMax else { throw Self.damaged("it does not begin with its header") }
    let header = try Header(text.span.extracting(first: end))
    let lines = text.span.extracting(droppingFirst: end + 1)
    guard Self.hash(lines, with: header.hashKey) == header.checksum else {
      throw Self.damaged("its checksum does not match: it was cut, or changed by hand")
    }
    var records: [KeyRecord] = []
    records.reserveCapacity(header.count)
    var names = Set<String>(minimumCapacity: header.count)
    var ids = Set<CallerID>(minimumCapacity: header.count)
    var start = 0
    while start < lines.count {
      guard let end = Search.firstIndex(of: 0x0a, in: lines, from: start) else {
        throw Self.damaged("its last line has no end")
      }
      let line = records.count + 2
      guard let record = Self.record(lines.extracting(start..<end)) else {
        throw Self.damaged("line \(line) is no key")
      }
      guard names.insert(record.name).inserted, ids.insert(record.id).inserted else {
        throw Self.damaged("line \(line) repeats a key")
      }
      records.append(record)
      start = end + 1
    }
    guard records.count == header.count else { throw Self.damaged("it has not the number of keys that it says") }
    self.init(hashKey: header.hashKey, records: records)
  }

  private static func damaged(_ reason: String) -> KeyError {
    KeyError(.damaged, "the key file is not used, because \(reason)")
  }

  /// The first line of a file.
  private struct Header {
    let hashKey: [UInt8]
    let count: Int
    let checksum: Digest256

    init(_ json: Span<UInt8>) throws(KeyError) {
      guard let fields = try? KeyFields(json, allowed: ["hoosh_keys", "hash_key", "keys", "checksum"]),
        let version = try? fields.integer("hoosh_keys", in: json)
      else { throw KeyFile.damaged("its first line is no header") }
      guard version == KeyFile.version else {
        throw KeyFile.damaged("it has version \(version), and this hoosh reads version \(KeyFile.version)")
      }
      guard let hashKey = fields.value("hash_key", in: json).flatMap({ KeyFile.digest($0, in: json) }),
        let checksum = fields.value("checksum", in: json).flatMap({ KeyFile.digest($0, in: json) }),
        let count = try? fields.integer("keys", in: json), count <= KeyFile.keysMax
      else { throw KeyFile.damaged("its first line is no header") }
      self.hashKey = hashKey.bytes.indices.map { hashKey.bytes[$0] }
      self.checksum = checksum
      self.count = Int(clamping: count)
    }
  }

  /// Returns the digest that a string of 64 hexadecimal digits in lower case is, or `nil` for another value.
  private static func digest(_ value: JSONValue, in json: Span<UInt8>) -> Digest256? {
    guard value.kind == .string, value.slice.count == 2 * secretBytes + 2 else { return nil }
    var digest = Digest256(bytes: InlineArray(repeating: 0))
    let start = Int(value.slice.start) + 1
    for index in 0..<secretBytes {
      guard let high = digit(json[start + 2 * index]), let low = digit(json[start + 2 * index + 1]) else {
        return nil
      }
      digest.bytes[index] = high << 4 | low
    }
    return digest
  }

  /// Returns the ID that a string of 16 hexadecimal digits in lower case is, or `nil` for another value.
  private static func id(_ value: JSONValue, in json: Span<UInt8>) -> CallerID? {
    guard value.kind == .string, value.slice.count == KeyRecord.idDigits + 2 else { return nil }
    var id = CallerID(bits: 0)
    let start = Int(value.slice.start) + 1
    for index in start..<start + KeyRecord.idDigits {
      guard let digit = digit(json[index]) else { return nil }
      id.bits = id.bits << 4 | UInt64(digit)
    }
    return id
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// Returns the whole number of a value, which is not negative, or `nil`.
  private static func time(_ value: JSONValue, in json: Span<UInt8>) -> Int64? {
    value.integer(in: json).flatMap { $0 >= 0 ? $0 : nil }
  }

  /// Reads a line. `nil` if it is not what hoosh writes.
  ///
  /// Member by member and without a list of them, because a file may have 100,000 lines.
  private static func record(_ json: Span<UInt8>) -> KeyRecord? {
    var id: CallerID?
    var (name, hash): (String?, Digest256?)
    var (created, rotated): (Int64?, Int64?)
    var terms = KeyRecord.Terms(rights: [])
    var previous: [KeyRecord.Previous] = []
    do throws(JSONError) {
      var members = try ObjectCursor(whole: json)
      while let member = try members.next(in: json) {
        let value = member.value
        if member.keyEquals("id", in: json) {
          id = self.id(value, in: json)
        } else if member.keyEquals("name", in: json) {
          name = value.string(in: json)
        } else if member.keyEquals("hash", in: json) {
          hash = digest(value, in: json)
        } else if member.keyEquals("created", in: json) {
          created = time(value, in: json)
        } else {
          guard read(member, in: json, &terms, &rotated, &previous) else { return nil }
        }
      }
    } catch {
      return nil
    }
    guard let id, let name, let hash, let created, KeyRecord.objection(toName: name, of: "name") == nil,
      KeyRecord.objection(to: terms) == nil
    else { return nil }
    return KeyRecord(
      id: id, name: name, terms: terms, created: created, rotated: rotated, hash: hash, previous: previous)
  }

  /// Reads a member that not every line has, or that is a list. Returns false if it is not what hoosh writes.
  private static func read(
    _ member: Member, in json: Span<UInt8>, _ terms: inout KeyRecord.Terms, _ rotated: inout Int64?,
    _ previous: inout [KeyRecord.Previous]
  ) -> Bool {
    let value = member.value
    if member.keyEquals("team", in: json) {
      terms.team = value.string(in: json)
      return terms.team != nil
    }
    if member.keyEquals("expires", in: json) {
      terms.expiry = time(value, in: json)
      return terms.expiry != nil
    }
    if member.keyEquals("rotated", in: json) {
      rotated = time(value, in: json)
      return rotated != nil
    }
    guard value.kind == .array else { return false }
    let elements = JSONLists.elements(of: value, in: json)
    if member.keyEquals("rights", in: json) {
      terms.rights = elements.compactMap { element in
        element.string(in: json).flatMap { Configuration.Key.Right(rawValue: $0) }
      }
      return terms.rights.count == elements.count
    }
    if member.keyEquals("models", in: json) {
      terms.models = elements.compactMap { $0.string(in: json) }
      return terms.models.count == elements.count
    }
    if member.keyEquals("providers", in: json) {
      terms.providers = elements.compactMap { $0.string(in: json) }
      return terms.providers.count == elements.count
    }
    guard member.keyEquals("previous", in: json), elements.count <= KeyRecord.previousMax else { return false }
    for element in elements {
      let fields = JSONLists.members(of: element, in: json)
      guard fields.count == 2, let hash = fields.value("hash", in: json).flatMap({ digest($0, in: json) }),
        let until = fields.value("until", in: json).flatMap({ time($0, in: json) })
      else { return false }
      previous.append(KeyRecord.Previous(hash: hash, until: until))
    }
    return true
  }
}
