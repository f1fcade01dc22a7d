@testable import Gateway

/// The head of a request. The first four bytes cut it.
enum HeadTarget {
  private enum Verdict: Equatable {
    case incomplete
    case refused(HeadError)
    case complete(RequestHead)
  }

  static func run(_ input: Span<UInt8>) {
    guard input.count >= Cuts.byteCount else { return }
    let bytes = input.behind(Cuts.byteCount)
    let verdict = verdict(bytes, [bytes.count])
    let cut = self.verdict(bytes, Cuts(input, count: bytes.count).ends)
    expect(cut == verdict, "cutting the head changes \(verdict) to \(cut)")
    switch verdict {
    case .incomplete: break
    case .refused(let fault): expect(fault.apiError.status >= 400, "a fault is answered as an error")
    case .complete(let head): check(head, bytes)
    }
  }

  /// Returns the verdict on bytes that arrive in pieces ending at each of `ends`.
  private static func verdict(_ bytes: Span<UInt8>, _ ends: [Int]) -> Verdict {
    var reader = HeadReader()
    for end in ends {
      let verdict = lending(bytes, 0..<end) { read(&reader, $0) }
      if verdict != .incomplete { return verdict }
    }
    return .incomplete
  }

  private static func read(_ reader: inout HeadReader, _ bytes: Span<UInt8>) -> Verdict {
    do throws(HeadError) {
      return try reader.read(bytes).map(Verdict.complete) ?? .incomplete
    } catch {
      return .refused(error)
    }
  }

  private static func check(_ head: RequestHead, _ bytes: Span<UInt8>) {
    expect(head.byteCount <= bytes.count, "a head ends inside the input")
    for slice in [head.path, head.query] + fields(head).map({ $0.1 ?? .empty }) {
      expect(slice.range.upperBound <= head.byteCount, "a slice lies inside the head")
    }
    let own = bytes.extracting(first: head.byteCount)
    expect(verdict(own, [own.count]) == .complete(head), "what follows a head does not change it")
    expect(verdict(own, [own.count - 1]) == .incomplete, "a head ends with its last byte")
    checkLines(head, own)

    let written = write(head, bytes)
    guard case .complete(let again) = verdict(written.span, [written.count]) else {
      fail("a head is not accepted as it was read: \(written.shown)")
    }
    expect(again.byteCount == written.count, "a written head is read to its end")
    let (before, after) = (meaning(head, bytes), meaning(again, written.span))
    expect(before == after, "a written head means the same: \(before) \(after)")
  }

  /// Reads an accepted head by splitting at every CR LF, and checks that the framing is the same.
  private static func checkLines(_ head: RequestHead, _ bytes: Span<UInt8>) {
    var (lengths, codings, hosts) = (0, 0, 0)
    var start = 0
    for index in bytes.indices {
      let byte = bytes[index]
      expect(byte != 0, "no NUL in a head")
      if byte == 0x0d { expect(index + 1 < bytes.count && bytes[index + 1] == 0x0a, "no CR alone in a head") }
      guard byte == 0x0a else { continue }
      expect(index > 0 && bytes[index - 1] == 0x0d, "no LF alone in a head")
      let line = bytes.extracting(start..<index)
      if names("content-length:", line) { lengths += 1 }
      if names("transfer-encoding:", line) { codings += 1 }
      if names("host:", line) { hosts += 1 }
      start = index + 1
    }
    expect(hosts <= 1 && (hosts == 1 || head.minorVersion == 0), "one host")
    switch head.framing {
    case .none: expect(lengths == 0 && codings == 0, "no framing without its field")
    case .length(let length): expect(length >= 0 && lengths == 1 && codings == 0, "one length")
    case .chunked: expect(lengths == 0 && codings == 1, "one coding")
    }
  }

  private static func names(_ name: StaticString, _ line: Span<UInt8>) -> Bool {
    line.count >= name.utf8CodeUnitCount && line.extracting(first: name.utf8CodeUnitCount).matches(name)
  }

  private static func method(_ bytes: Span<UInt8>) -> [UInt8] { word(0, bytes) }

  /// Returns a word of the request line.
  private static func word(_ number: Int, _ bytes: Span<UInt8>) -> [UInt8] {
    var start = bytes[0] == 0x0d ? 2 : 0
    for _ in 0..<number {
      while start < bytes.count, bytes[start] != 0x20 { start += 1 }
      start += 1
    }
    var end = start
    while end < bytes.count, bytes[end] != 0x20 { end += 1 }
    return start < bytes.count ? bytes.extracting(start..<end).array : []
  }

  /// Returns the head as the gateway would write it.
  private static func write(_ head: RequestHead, _ bytes: Span<UInt8>) -> [UInt8] {
    var out = method(bytes)
    out.append(" ")
    out.append(contentsOf: word(1, bytes))
    out.append(head.minorVersion == 0 ? " HTTP/1.0" : " HTTP/1.1")
    if let host = head.host {
      out.append("\r\nHost: ")
      out.append(bytes.bytes(host.name))
      if let port = host.port {
        out.append(":")
        out.append(decimal: Int(port))
      }
    }
    switch head.framing {
    case .none: break
    case .length(let length):
      out.append("\r\nContent-Length: ")
      out.append(decimal: length)
    case .chunked: out.append("\r\nTransfer-Encoding: chunked")
    }
    out.append(head.keepsAlive ? "\r\nConnection: keep-alive" : "\r\nConnection: close")
    if head.expectsContinue { out.append("\r\nExpect: 100-continue") }
    for (name, value) in fields(head) {
      guard let value else { continue }
      out.append("\r\n")
      out.append(name.rawValue)
      out.append(":")
      out.append(bytes.bytes(value))
    }
    out.append("\r\n\r\n")
    return out
  }

  /// Returns the content of a head, without positions.
  private static func meaning(_ head: RequestHead, _ bytes: Span<UInt8>) -> [[UInt8]?] {
    var all: [[UInt8]?] = [method(bytes)]
    for slice in [head.path, head.query, head.host?.name] {
      all.append(slice.map { bytes.bytes($0).array })
    }
    let facts = "\(head.method) \(head.minorVersion) \(head.host?.port ?? 0) \(head.framing)"
    all.append(Array("\(facts) \(head.keepsAlive) \(head.expectsContinue)".utf8))
    for (_, value) in fields(head) { all.append(value.map { bytes.bytes($0).array }) }
    return all
  }

  private static func fields(_ head: RequestHead) -> [(FieldName, Slice?)] {
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
