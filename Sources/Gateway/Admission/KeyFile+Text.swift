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
      guard let hashKey = KeyFile.digest(try? fields.string("hash_key", in: json)),
        let checksum = KeyFile.digest(try? fields.string("checksum", in: json)),
        let count = try? fields.integer("keys", in: json), count <= KeyFile.keysMax
      else { throw KeyFile.damaged("its first line is no header") }
      self.hashKey = hashKey.bytes.indices.map { hashKey.bytes[$0] }
      self.checksum = checksum
      self.count = Int(clamping: count)
    }
  }

  /// Returns the digest that 64 hexadecimal digits in lower case are, or `nil` for another text.
  private static func digest(_ text: String?) -> Digest256? {
    guard let text, text.utf8.count == 2 * secretBytes else { return nil }
    var digest = Digest256(bytes: InlineArray(repeating: 0))
    var index = 0
    for byte in text.utf8 {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: return nil
      }
      digest.bytes[index / 2] = digest.bytes[index / 2] << 4 | digit
      index += 1
    }
    return digest
  }

  /// Reads a line. `nil` if it is not what hoosh writes.
  private static func record(_ json: Span<UInt8>) -> KeyRecord? {
    do throws(KeyError) {
      let fields = try KeyFields(
        json,
        allowed: [
          "id", "name", "team", "models", "providers", "rights", "expires", "created", "rotated", "hash",
          "previous",
        ])
      guard let id = try fields.string("id", in: json).flatMap(KeyRecord.id),
        let name = try fields.string("name", in: json), KeyRecord.objection(toName: name, of: "name") == nil,
        let rights = try fields.rights("rights", in: json), let created = try fields.integer("created", in: json),
        let hash = digest(try fields.string("hash", in: json))
      else { return nil }
      let terms = KeyRecord.Terms(
        team: try fields.string("team", in: json), models: try fields.strings("models", in: json) ?? [],
        providers: try fields.strings("providers", in: json) ?? [], rights: rights,
        expiry: try fields.integer("expires", in: json))
      guard KeyRecord.objection(to: terms) == nil else { return nil }
      var record = KeyRecord(
        id: id, name: name, terms: terms, created: created, rotated: try fields.integer("rotated", in: json),
        hash: hash)
      for element in try fields.elements("previous", in: json) {
        let json = json.extracting(element.slice.range)
        let fields = try KeyFields(json, allowed: ["hash", "until"])
        guard let hash = digest(try fields.string("hash", in: json)),
          let until = try fields.integer("until", in: json), record.previous.count < KeyRecord.previousMax
        else { return nil }
        record.previous.append(KeyRecord.Previous(hash: hash, until: until))
      }
      return record
    } catch {
      return nil
    }
  }
}
