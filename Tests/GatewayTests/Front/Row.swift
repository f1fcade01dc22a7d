@testable import Gateway
import Testing

/// Bytes that a client may send, and the expected response.
///
/// Tests feed the bytes to the parsers directly, and to a gateway over a socket, followed by `Rows.next`.
struct Row: Sendable, CustomTestStringConvertible {
  /// The part that rejects the bytes.
  enum Part: Sendable { case head, body, gateway, incomplete }

  /// The number of the rule, as in `H6`.
  var row: String
  var name: String
  var bytes: [UInt8]
  /// The status of the response; 0 if the connection ends before one.
  var status: Int
  var closes: Bool
  var rejectedBy: Part
  /// The name of the error, for a row that a parser rejects.
  var error: String

  var testDescription: String { "\(row): \(name)" }
}

/// A valid request, and the expected result of reading it.
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
  /// The decoded body; empty if it is discarded.
  var body = ""
  /// The values of the fields that the gateway reads, by name.
  var fields: [FieldName: String] = [:]

  var testDescription: String { "\(row): \(name)" }
}

/// The requests that test rules H1 to H24, H35, and H36.
enum Rows {
  /// The limit of a body, as in the default configuration.
  static let bodyBytesMax = 10 * 1024 * 1024

  /// A request that must never be answered after a rejected one.
  static let next = latin1("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")

  static let malformed = requestLines + targets + fields + framings + hosts + chunks + limits + elsewhere

  /// Returns one byte per character. Characters must be below U+0100.
  static func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  /// Returns a row that the head reader rejects.
  static func head(_ row: String, _ name: String, _ text: String, _ error: HeadError, _ status: Int = 400) -> Row {
    Row(
      row: row, name: name, bytes: latin1(text), status: status, closes: true, rejectedBy: .head, error: "\(error)")
  }

  /// Returns a row that differs from a valid request only in its field lines.
  static func field(_ row: String, _ name: String, _ lines: String, _ error: HeadError, _ status: Int = 400) -> Row
  {
    head(row, name, post(lines), error, status)
  }

  /// Returns a POST with a host and these lines, each of which ends in CR LF.
  static func post(_ lines: String, version: String = "HTTP/1.1") -> String {
    "POST /v1/chat/completions \(version)\r\nHost: localhost\r\n\(lines)\r\n"
  }

  /// Returns a POST with these chunks.
  static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n") + body }
}
