internal import CTOML

/// A position in a file: a line and a column, counted from 1. Columns count code points.
struct TOMLPosition: Equatable, Sendable {
  var line: Int
  var column: Int
}

/// One value of a TOML file.
enum TOMLValue: Equatable, Sendable {
  case table
  /// A list, with its number of elements.
  case array(Int)
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  case datetime

  /// The kind of value, as a noun with its article.
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

/// A value with its path, such as `server.port` or `providers[0].models[2]`, and the position of its key.
struct TOMLEntry: Equatable, Sendable {
  var path: String
  var value: TOMLValue
  var position: TOMLPosition
}

/// An error of the TOML parser, with its position.
struct TOMLError: Error, Equatable, Sendable {
  var message: String
  var position: TOMLPosition
}

/// A TOML text as a flat list of values.
enum TOMLFile {
  /// The size of the largest text, in bytes.
  static let bytesMax = 1 << 20

  /// Parses a text and returns its values. A table or list precedes its contents; siblings are in the order of the file.
  ///
  /// Throws only the first error, because a parser that continues after it would report errors of its own making.
  static func read(_ text: [UInt8]) throws(TOMLError) -> [TOMLEntry] {
    guard text.count <= bytesMax else {
      throw TOMLError(
        message: "the file is larger than \(bytesMax) bytes", position: TOMLPosition(line: 1, column: 1))
    }
    let document = unsafe text.withUnsafeBytes { bytes in
      unsafe ctoml_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard let document = unsafe document else {
      throw TOMLError(
        message: "there is not enough memory to parse the file", position: TOMLPosition(line: 1, column: 1))
    }
    defer { unsafe ctoml_free(document) }
    if let error = unsafe ctoml_error_of(document)?.pointee {
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
