@testable import Gateway
import Testing

@Suite struct RowsTests {
  @Test(arguments: Rows.malformed) func `a malformed request has its verdict however its bytes are split`(
    _ row: Row
  ) {
    let verdict = Feed.verdict(row.bytes)
    switch row.rejectedBy {
    case .head:
      guard case .rejectedHead(let error) = verdict else { return expect(row, verdict) }
      #expect("\(error)" == row.error)
    case .body:
      guard case .rejectedBody(let error) = verdict else { return expect(row, verdict) }
      #expect("\(error)" == row.error)
    case .gateway:
      guard case .request(_, _, row.bytes.count) = verdict else { return expect(row, verdict) }
    case .incomplete:
      #expect(verdict == .incomplete)
    }
    if let apiError = verdict.apiError {
      #expect(apiError.status == row.status)
      #expect(apiError.closes == row.closes)
      #expect(apiError.message.hasSuffix("."))
    }
    #expect(Feed.verdictByteByByte(row.bytes) == verdict)
    for cut in cuts(of: row.bytes) { #expect(Feed.verdict(row.bytes, cutAt: [cut, row.bytes.count]) == verdict) }
  }

  @Test(arguments: Rows.malformed.filter { $0.rejectedBy == .head || $0.rejectedBy == .body })
  func `a request after a rejected one does not change the verdict`(_ row: Row) {
    let both = row.bytes + Rows.next
    #expect(Feed.verdict(both) == Feed.verdict(row.bytes))
    #expect(Feed.verdictByteByByte(both) == Feed.verdict(row.bytes))
  }

  @Test(arguments: Rows.wellFormed) func `a valid request is read however its bytes are split`(_ row: WellFormed) {
    let bytes = row.bytes + Rows.next
    guard case .request(let head, let body, let end) = Feed.verdict(bytes) else {
      Issue.record("\(Feed.verdict(bytes))")
      return
    }
    let span = bytes.span
    #expect(head.method == row.method)
    #expect(head.minorVersion == row.minorVersion)
    #expect(span.bytes(head.path).text == row.path)
    #expect(span.bytes(head.query).text == row.query)
    #expect(head.host.map { text(of: $0.name, in: bytes) } == row.host)
    #expect(head.host?.port == row.port)
    #expect(head.framing == row.framing)
    #expect(head.keepsAlive == row.keepsAlive)
    #expect(head.expectsContinue == row.expectsContinue)
    for (name, value) in kept(head) {
      #expect(value.map { text(of: $0, in: bytes) } == row.fields[name], "\(name.rawValue)")
    }
    #expect(body == Rows.latin1(row.body))
    #expect(end == row.bytes.count)

    let verdict = Feed.verdict(bytes)
    #expect(Feed.verdictByteByByte(bytes) == verdict)
    for cut in cuts(of: bytes) { #expect(Feed.verdict(bytes, cutAt: [cut, bytes.count]) == verdict) }
    #expect(Feed.verdict(row.bytes.dropLast().map { $0 }) == .incomplete)
  }

  @Test func `the table covers every rule`() {
    #expect(Rows.malformed.count >= 150)
    let rows = Set((Rows.malformed.map(\.row) + Rows.wellFormed.map(\.row)))
    for number in [1...23, 35...36].joined() { #expect(rows.contains("H\(number)"), "H\(number)") }
    #expect(Set(Rows.malformed.map(\.testDescription)).count == Rows.malformed.count)
  }

  /// Returns the offsets at which to split the bytes: all of them, or 50 for long requests.
  private func cuts(of bytes: [UInt8]) -> some Sequence<Int> {
    stride(from: 1, to: bytes.count, by: bytes.count < 1000 ? 1 : bytes.count / 50)
  }

  private func expect(_ row: Row, _ verdict: Verdict) { Issue.record("\(row.testDescription) came to \(verdict)") }

  private func text(of slice: Slice, in bytes: [UInt8]) -> String { bytes.span.bytes(slice).text }

  private func kept(_ head: RequestHead) -> [(FieldName, Slice?)] {
    [
      (.authorization, head.authorization), (.xAPIKey, head.xAPIKey), (.contentType, head.contentType),
      (.contentEncoding, head.contentEncoding), (.origin, head.origin), (.xRequestID, head.xRequestID),
      (.anthropicVersion, head.anthropicVersion), (.anthropicBeta, head.anthropicBeta),
      (.xGoogAPIKey, head.xGoogAPIKey), (.xGoogAPIClient, head.xGoogAPIClient), (.xPriority, head.xPriority),
      (.xSessionID, head.xSessionID), (.cacheControl, head.cacheControl),
      (.xCacheNamespace, head.xCacheNamespace),
    ]
  }
}
