@testable import Gateway
import Testing

/// One thing a client may send, and what comes of it.
///
/// The parsers are fed the bytes directly; a gateway can be sent the same bytes over a socket, with
/// `Rows.next` behind them.
struct Row: Sendable, CustomTestStringConvertible {
  /// Who finds the fault.
  enum Refuser: Sendable { case head, body, gateway, incomplete }

  /// The row of the reference table, as in `H6`.
  var row: String
  var name: String
  var bytes: [UInt8]
  /// The status of the answer; 0 when there is none because the connection ends first.
  var status: Int
  var closes: Bool
  var refusedBy: Refuser
  /// The fault by name, for the rows that a parser refuses.
  var fault: String

  var testDescription: String { "\(row): \(name)" }
}

/// One request that is served, and what is read of it.
struct WellFormed: Sendable, CustomTestStringConvertible {
  var row: String
  var name: String
  var bytes: [UInt8]
  var method = RequestHead.Method.post
  var minorVersion: UInt8 = 1
  var path = "/v1/chat/completions"
  var query = ""
  var host: String? = "localhost"
  var port: UInt16?
  var framing = RequestHead.Framing.none
  var keepsAlive = true
  var expectsContinue = false
  /// The body, decoded; empty when it is discarded.
  var body = ""
  /// Values of the fields that are kept, by name.
  var fields: [FieldName: String] = [:]

  var testDescription: String { "\(row): \(name)" }
}

/// The rows H1 to H24, H35 and H36 of the reference table, as bytes.
enum Rows {
  /// What bodies are measured by, as in the default configuration.
  static let bodyBytesMax = 10 * 1024 * 1024

  /// A request that must never be answered behind a refused one.
  static let next = latin1("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")

  static let malformed = requestLines + targets + fields + framings + hosts + chunks + limits + elsewhere

  /// One byte for each character, which must be below U+0100.
  static func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  /// A row that the head reader refuses.
  static func head(_ row: String, _ name: String, _ text: String, _ fault: HeadError, _ status: Int = 400) -> Row {
    Row(
      row: row, name: name, bytes: latin1(text), status: status, closes: true, refusedBy: .head, fault: "\(fault)")
  }

  /// A head row that differs from a good request in its field lines only.
  static func field(_ row: String, _ name: String, _ lines: String, _ fault: HeadError, _ status: Int = 400) -> Row
  {
    head(row, name, post(lines), fault, status)
  }

  /// A POST with a host and these lines, each of which ends in CR LF.
  static func post(_ lines: String, version: String = "HTTP/1.1") -> String {
    "POST /v1/chat/completions \(version)\r\nHost: localhost\r\n\(lines)\r\n"
  }

  /// A POST with chunks as they stand.
  static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n") + body }
}
