import Foundation
import Glibc

/// The access log of an episode, compared with the events at the clients and providers.
final class Recorded {
  private struct Row {
    var status: Int
    var outcome: Substring
  }

  /// The file of the gateway's access log.
  let path: String
  private let descriptor: CInt
  private var asked: Set<String> = []
  private var seen: [ClientAnswer] = []

  init() throws {
    var name = Array(
      FileManager.default.temporaryDirectory.appending(path: "hoosh-access-log-" + String(repeating: "X", count: 6))
        .path
        .utf8CString)
    descriptor = mkstemp(&name)
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  /// A provider was asked on behalf of a request.
  func asked(_ id: String) {
    if !id.isEmpty { asked.insert(id) }
  }

  /// A client has left with these answers.
  func left(_ peer: Peer) { seen += peer.reader.answers }

  /// Compares all of it, once the access log is closed.
  func check(awaited: Set<String>, at time: Duration, _ happenings: inout Happenings) throws(Breach) {
    let rows = try read(at: time, &happenings)
    for id in asked where rows[id[...]] == nil {
      throw Breach(.oneRow, "no row of \(id), which a provider was asked for")
    }
    for id in awaited where rows[id[...]] == nil { throw Breach(.oneRow, "no row of \(id), which was worked for") }
    for answer in seen {
      let id = answer.id
      guard let row = rows[id[...]] else { throw Breach(.oneRow, "no row of \(id), status \(answer.status)") }
      // A stream whose client disconnected has a status that the client never received.
      if row.status != answer.status, !(row.status == 499 && answer.status == 200) {
        throw Breach(.oneRow, "the row of \(id) says \(row.status), its client got \(answer.status)")
      }
      let isGood = row.outcome == "completed"
      let looksGood = answer.status < 300 && answer.errors == 0
      if isGood, !looksGood { throw Breach(.oneRow, "\(id) is no success to its client") }
      if answer.dones == 1, !isGood { throw Breach(.oneRow, "\(id) is \(row.outcome), its client has [DONE]") }
    }
  }

  private func read(at time: Duration, _ happenings: inout Happenings) throws(Breach) -> [Substring: Row] {
    var rows: [Substring: Row] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 4, let status = Int(words[1]), let id = words.last, id.hasPrefix("id=") else {
        throw Breach(.oneRow, "a malformed access log entry: \(line)")
      }
      happenings.note(.row, UInt64(status), words[2].utf8.count, at: time)
      if rows.updateValue(Row(status: status, outcome: words[2]), forKey: id.dropFirst(3)) != nil {
        throw Breach(.oneRow, "a second row: \(line)")
      }
    }
    return rows
  }

  private var text: String {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = pread(descriptor, &piece, piece.count, bytes.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<count]
    }
  }
}
