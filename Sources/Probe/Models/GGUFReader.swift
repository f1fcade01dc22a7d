/// Reads numbers and strings of a GGUF file in place. It holds positions only, so every call must pass the same
/// bytes.
struct GGUFCursor {
  var at: Int
  /// Whether numbers are big-endian.
  var isBigEndian = false

  /// Reads a number.
  mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, _ bytes: RawSpan
  ) throws(ModelFileError) -> Number {
    let end = at &+ MemoryLayout<Number>.size
    guard end <= bytes.byteCount else { throw .incomplete(needed: end) }
    let raw = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: Number.self)
    at = end
    return isBigEndian ? Number(bigEndian: raw) : Number(littleEndian: raw)
  }

  /// Reads a count, which cannot exceed the file's size.
  mutating func count(_ bytes: RawSpan, limit: Int) throws(ModelFileError) -> Int {
    let value = try number(UInt64.self, bytes)
    guard value <= UInt64(limit) else { throw .malformed("a count of \(value) in a file of \(limit) bytes") }
    return Int(value)
  }

  /// Reads a string and returns its range.
  mutating func string(_ bytes: RawSpan, limit: Int) throws(ModelFileError) -> Range<Int> {
    let length = try count(bytes, limit: limit)
    let (end, overflow) = at.addingReportingOverflow(length)
    if overflow { throw .malformed("a string without an end") }
    guard end <= bytes.byteCount else { throw .incomplete(needed: end) }
    defer { at = end }
    return at..<end
  }

  /// Skips bytes.
  mutating func skip(_ length: Int, _ bytes: RawSpan) throws(ModelFileError) {
    let (end, overflow) = at.addingReportingOverflow(length)
    if overflow { throw .malformed("an array without an end") }
    guard end <= bytes.byteCount else { throw .incomplete(needed: end) }
    at = end
  }
}

/// A value of a GGUF file's metadata, as far as a plan uses it.
enum GGUFValue: Equatable {
  case number(Int)
  case text(Range<Int>)
  /// An array of numbers, one per layer.
  case numbers([Int])
  /// Any other array, by its number of elements.
  case elements(Int)
  case other
}

/// Reads the header of a GGUF file. Source: ggml's gguf.md, versions 1 to 3.
///
/// Only the values that a plan uses are copied; the strings of a vocabulary are skipped. The file is untrusted, so
/// every count is checked against the file's size first.
struct GGUFReader {
  /// Limits on counts in a file.
  static let keysMax = 65_536
  static let tensorsMax = 1 << 20
  static let layersMax = 4096
  private static let wantedMax = 512

  private(set) var values: [String: GGUFValue] = [:]
  private(set) var architecture = ""
  private(set) var name = ""
  /// The kind of content that the file states.
  private(set) var type = ""
  let fileSize: Int
  private var cursor = GGUFCursor(at: 4)
  private(set) var version = 0

  init(fileSize: Int) { self.fileSize = fileSize }

  /// Reads the header. `bytes` may be the beginning of a file of `fileSize` bytes.
  static func read(_ bytes: RawSpan, fileSize: Int) throws(ModelFileError) -> Model {
    var model: GGUFModel?
    try read(bytes, fileSize: fileSize, into: &model)
    return model?.finish() ?? Model(format: .gguf)
  }

  /// Reads the header of one part of a model: of the first part, which has the model's keys, if `model` is `nil`, else
  /// of the next, whose tensors belong to the same layers. Returns the bytes of the header.
  @discardableResult
  static func read(_ bytes: RawSpan, fileSize: Int, into model: inout GGUFModel?) throws(ModelFileError) -> Int {
    var reader = GGUFReader(fileSize: fileSize)
    let tensorCount = try reader.readTable(bytes)
    var parts: GGUFModel
    if let begun = model {
      parts = begun
    } else {
      parts = GGUFModel(values: reader.values, architecture: reader.architecture, name: reader.name)
      try parts.begin(type: reader.type)
      parts.model.formatVersion = reader.version
    }
    try reader.readTensors(tensorCount, bytes, &parts)
    var alignment = 32
    if case .number(let stated)? = reader.values["general.alignment"] { alignment = stated }
    guard alignment > 0, alignment <= 1 << 20 else { throw .malformed("an alignment of \(alignment)") }
    parts.endPart(tensors: tensorCount, dataStart: reader.cursor.at, alignment: alignment, fileSize: fileSize)
    model = parts
    return reader.cursor.at
  }

  private mutating func readTable(_ bytes: RawSpan) throws(ModelFileError) -> Int {
    var version = try cursor.number(UInt32.self, bytes)
    if version & 0xffff == 0, version != 0 {
      cursor.isBigEndian = true
      version = version.byteSwapped
    }
    guard (1...3).contains(version) else { throw .malformed("GGUF version \(version)") }
    self.version = Int(version)
    let tensorCount = try headerCount(bytes)
    let keyCount = try headerCount(bytes)
    guard tensorCount <= Self.tensorsMax, keyCount <= Self.keysMax else {
      throw .malformed("\(tensorCount) tensors and \(keyCount) keys")
    }
    for _ in 0..<keyCount {
      let key = try string(bytes)
      let type = try cursor.number(UInt32.self, bytes)
      let value = try value(type, bytes, isWanted: isWanted(bytes, key))
      keep(value, bytes, key)
    }
    return tensorCount
  }

  /// Reads a count, which has 32 bits in version 1.
  private mutating func headerCount(_ bytes: RawSpan) throws(ModelFileError) -> Int {
    version == 1 ? Int(try cursor.number(UInt32.self, bytes)) : try cursor.count(bytes, limit: fileSize)
  }

  private mutating func string(_ bytes: RawSpan) throws(ModelFileError) -> Range<Int> {
    guard version == 1 else { return try cursor.string(bytes, limit: fileSize) }
    let length = Int(try cursor.number(UInt32.self, bytes))
    let start = cursor.at
    try cursor.skip(length, bytes)
    return start..<cursor.at
  }

  /// Returns whether an array of numbers may have one element per layer: all do except those of the tokenizer.
  private func isWanted(_ bytes: RawSpan, _ key: Range<Int>) -> Bool {
    key.count >= 10 ? !Self.equals(bytes, key.lowerBound..<key.lowerBound + 10, "tokenizer.") : true
  }

  private mutating func keep(_ value: GGUFValue, _ bytes: RawSpan, _ key: Range<Int>) {
    if case .other = value { return }
    guard key.count <= 128, values.count < Self.wantedMax else { return }
    let key = Self.text(bytes, key)
    if case .text(let range) = value {
      if key == "general.architecture", range.count <= 64 { architecture = Self.text(bytes, range) }
      if key == "general.type", range.count <= 64 { type = Self.text(bytes, range) }
      if key == "general.name", range.count <= 256 { name = Self.text(bytes, range) }
      return
    }
    values[key] = value
  }

  private mutating func value(_ type: UInt32, _ bytes: RawSpan, isWanted: Bool) throws(ModelFileError) -> GGUFValue
  {
    switch type {
    case 0: return .number(Int(try cursor.number(UInt8.self, bytes)))
    case 1: return .number(Int(try cursor.number(Int8.self, bytes)))
    case 2: return .number(Int(try cursor.number(UInt16.self, bytes)))
    case 3: return .number(Int(try cursor.number(Int16.self, bytes)))
    case 4: return .number(Int(try cursor.number(UInt32.self, bytes)))
    case 5: return .number(Int(try cursor.number(Int32.self, bytes)))
    case 6:
      _ = try cursor.number(UInt32.self, bytes)
      return .other
    case 7: return .number(Int(try cursor.number(UInt8.self, bytes)))
    case 8: return .text(try string(bytes))
    case 9: return try array(bytes, isWanted: isWanted)
    case 10: return .number(Int(clamping: try cursor.number(UInt64.self, bytes)))
    case 11: return .number(Int(clamping: try cursor.number(Int64.self, bytes)))
    case 12:
      _ = try cursor.number(UInt64.self, bytes)
      return .other
    default: throw .malformed("a value of type \(type)")
    }
  }

  private static func width(_ type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 10, 11, 12: 8
    default: nil
    }
  }

  private mutating func array(_ bytes: RawSpan, isWanted: Bool) throws(ModelFileError) -> GGUFValue {
    let type = try cursor.number(UInt32.self, bytes)
    let count = version == 1 ? Int(try cursor.number(UInt32.self, bytes)) : try cursor.count(bytes, limit: fileSize)
    if type == 8 {
      for _ in 0..<count { _ = try string(bytes) }
      return .elements(count)
    }
    guard let width = Self.width(type) else { throw .malformed("an array of type \(type)") }
    guard isWanted, count <= Self.layersMax, type != 6, type != 12 else {
      let (length, overflow) = count.multipliedReportingOverflow(by: width)
      if overflow { throw .malformed("an array of \(count)") }
      try cursor.skip(length, bytes)
      return .elements(count)
    }
    var numbers: [Int] = []
    for _ in 0..<count {
      if case .number(let number) = try value(type, bytes, isWanted: false) { numbers.append(number) }
    }
    return .numbers(numbers)
  }

  private mutating func readTensors(
    _ count: Int, _ bytes: RawSpan, _ model: inout GGUFModel
  ) throws(ModelFileError) {
    for _ in 0..<count {
      let name = try string(bytes)
      let dimensions = try cursor.number(UInt32.self, bytes)
      guard dimensions <= 4 else { throw .malformed("a tensor of \(dimensions) dimensions") }
      var elements = 1
      for _ in 0..<dimensions {
        let size =
          version == 1 ? UInt64(try cursor.number(UInt32.self, bytes)) : try cursor.number(UInt64.self, bytes)
        let (product, overflow) = elements.multipliedReportingOverflow(by: Int(clamping: size))
        if overflow || size > UInt64(Int.max) { throw .malformed("a tensor with too many elements") }
        elements = product
      }
      let type = try cursor.number(UInt32.self, bytes)
      let offset = try cursor.number(UInt64.self, bytes)
      guard offset <= UInt64(Int.max) else { throw .malformed("a tensor past the end of any file") }
      try model.add(bytes, name, elements: elements, type: type, offset: Int(offset))
    }
  }

  /// Returns whether a range of bytes is exactly `text`.
  static func equals(_ bytes: RawSpan, _ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount, range.upperBound <= bytes.byteCount else { return false }
    return unsafe bytes.withUnsafeBytes { raw in
      text.withUTF8Buffer { unsafe $0.elementsEqual(raw[range]) }
    }
  }

  /// Returns a range of bytes as text.
  static func text(_ bytes: RawSpan, _ range: Range<Int>) -> String {
    unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0[range], as: UTF8.self) }
  }
}
