internal import CTOML

/// Where something stands in a file: line and column, counted from 1; the column counts code points.
struct TOMLPlace: Equatable, Sendable {
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
  var place: TOMLPlace
}

/// A text that is not TOML: what the parser says, and where.
struct TOMLFault: Error, Equatable, Sendable {
  var message: String
  var place: TOMLPlace
}

/// A TOML text, walked into a flat list.
enum TOMLFile {
  /// Bytes of the largest text that is read.
  static let bytesMax = 1 << 20

  /// The values of `text`: a table or list before what it holds, siblings in the order of the file.
  ///
  /// The first fault is all there is, because a parser that guesses on would report faults of its own making.
  static func read(_ text: [UInt8]) throws(TOMLFault) -> [TOMLEntry] {
    guard text.count <= bytesMax else {
      throw TOMLFault(message: "the file is larger than \(bytesMax) bytes", place: TOMLPlace(line: 1, column: 1))
    }
    let document = unsafe text.withUnsafeBytes { bytes in
      unsafe ctoml_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard let document = unsafe document else {
      throw TOMLFault(message: "there is not enough memory to read it", place: TOMLPlace(line: 1, column: 1))
    }
    defer { unsafe ctoml_free(document) }
    if let fault = unsafe ctoml_fault_of(document)?.pointee {
      throw unsafe TOMLFault(
        message: copy(fault.message, fault.message_count), place: place(fault.line, fault.column))
    }
    return unsafe (0..<ctoml_count(document)).map { index in
      let entry = unsafe ctoml_entry_at(document, index)
      return unsafe TOMLEntry(
        path: copy(entry.path, entry.path_count), value: value(entry), place: place(entry.line, entry.column))
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

  private static func place(_ line: UInt32, _ column: UInt32) -> TOMLPlace {
    TOMLPlace(line: max(1, Int(line)), column: max(1, Int(column)))
  }
}
