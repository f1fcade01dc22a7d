internal import CTOML

/// Where something stands in a file: line and column, counted from 1; the column counts code points.
struct TOMLPosition: Equatable, Sendable {
  var line: Int
  var column: Int
}

/// One value of a TOML file.
enum TOMLValue: Equatable, Sendable {
  case table
  /// With the number of elements.
  case array(Int)
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  case datetime

  /// The kind, as a noun with its article.
  var name: String {
    switch self {
    case .table: "a section"
    case .array: "a list"
    case .string: "a string"
    case .integer: "an integer"
    case .float: "a float"
    case .boolean: "a boolean"
    case .datetime: "a date"
    }
  }
}

/// A value with its path, as in `server.port` or `providers[0].models[2]`, and the place of its key.
struct TOMLEntry: Equatable, Sendable {
  var path: String
  var value: TOMLValue
  var position: TOMLPosition
}

/// A text that is not TOML: what the parser says, and where.
struct TOMLError: Error, Equatable, Sendable {
  var message: String
  var position: TOMLPosition
}

/// A TOML text, walked into a flat list.
enum TOMLFile {
  /// Bytes of the largest text that is read.
  static let bytesMax = 1 << 20

  /// The values of `text`: a table or list before what it holds, siblings in the order of the file.
  ///
  /// The first fault is all there is, because a parser that guesses on would report faults of its own making.
  static func read(_ text: [UInt8]) throws(TOMLError) -> [TOMLEntry] {
    guard text.count <= bytesMax else {
      throw TOMLError(
        message: "the file is larger than \(bytesMax) bytes", position: TOMLPosition(line: 1, column: 1))
    }
    let document = unsafe text.withUnsafeBytes { bytes in
      unsafe ctoml_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard let document = unsafe document else {
      throw TOMLError(message: "there is not enough memory to read it", position: TOMLPosition(line: 1, column: 1))
    }
    defer { unsafe ctoml_free(document) }
    if let error = unsafe ctoml_fault_of(document)?.pointee {
      throw unsafe TOMLError(
        message: copy(error.message, error.message_count), position: position(error.line, error.column))
    }
    return unsafe (0..<ctoml_count(document)).map { index in
      let entry = unsafe ctoml_entry_at(document, index)
      return unsafe TOMLEntry(
        path: copy(entry.path, entry.path_count), value: value(entry), position: position(entry.line, entry.column))
    }
  }

  private static func value(_ entry: ctoml_entry) -> TOMLValue {
    switch unsafe entry.kind {
    case CTOML_TABLE: .table
    case CTOML_ARRAY: unsafe .array(Int(entry.integer))
    case CTOML_STRING: unsafe .string(copy(entry.text, entry.text_count))
    case CTOML_INTEGER: unsafe .integer(entry.integer)
    case CTOML_FLOAT: unsafe .float(entry.real)
    case CTOML_BOOLEAN: unsafe .boolean(entry.boolean)
    default: .datetime
    }
  }

  private static func copy(_ text: UnsafePointer<CChar>, _ count: Int) -> String {
    unsafe String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
  }

  private static func position(_ line: UInt32, _ column: UInt32) -> TOMLPosition {
    TOMLPosition(line: max(1, Int(line)), column: max(1, Int(column)))
  }
}
