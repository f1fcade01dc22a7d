@testable import Gateway
@testable import HTTPText

/// The body of a request. Four bytes cut it, the fifth selects its framing, and the sixth its size limit.
enum BodyTarget {
  private enum Verdict: Equatable {
    case incomplete(body: [UInt8])
    case refused(BodyError)
    case complete(body: [UInt8], end: Int)
  }

  static func run(_ input: Span<UInt8>) {
    let control = Cuts.byteCount + 2
    guard input.count >= control else { return }
    let bytes = input.behind(control)
    let most = Int(input[5])
    let whole: BodyReader
    switch input[4] & 3 {
    case 0: whole = BodyReader(framing: .length(most), bytesMax: 200)
    case 1: whole = BodyReader(framing: .chunked, bytesMax: most)
    case 2: whole = BodyReader(framing: .chunked, bytesMax: most * 64)
    default: whole = BodyReader(discarding: .chunked)
    }
    let bytesMax = [200, most, most * 64, 0][Int(input[4] & 3)]
    let verdict = verdict(whole, bytes, [bytes.count], bytesMax)
    let cut = self.verdict(whole, bytes, Cuts(input, count: bytes.count).ends, bytesMax)
    expect(cut == verdict, "cutting the body changes \(verdict) to \(cut)")
    guard case .complete(let body, let end) = verdict else { return }
    expect(self.verdict(whole, bytes, [end], bytesMax) == verdict, "what follows a body does not change it")
    if end > 0 {
      guard case .incomplete = self.verdict(whole, bytes, [end - 1], bytesMax) else {
        fail("a body ends with its last byte")
      }
    }
    guard input[4] & 3 != 0 else {
      return expect(end == most && body == bytes.extracting(first: end).array, "a length")
    }
    let plain = plainlyDecoded(bytes.extracting(first: end))
    if input[4] & 3 == 3 {
      expect(body.isEmpty && plain.count <= BodyReader.discardsMax, "a discarded body is not stored")
    } else {
      expect(body == plain, "a body is its chunks")
      checkWritten(body)
    }
  }

  private static func verdict(_ reader: BodyReader, _ bytes: Span<UInt8>, _ ends: [Int], _ bytesMax: Int) -> Verdict
  {
    var reader = reader
    var body: [UInt8] = []
    var start = 0
    var consumed = 0
    for end in ends {
      let verdict = lending(bytes, start..<end) { piece -> Verdict? in
        do throws(BodyError) {
          let progress = try reader.read(piece, into: &body)
          expect(progress.consumed <= piece.count, "no more is consumed than was given")
          expect(progress.consumed == piece.count || progress.isComplete, "all is consumed before the end")
          expect(progress.isComplete == reader.isComplete, "both say the same of the end")
          consumed += progress.consumed
          return progress.isComplete ? .complete(body: body, end: consumed) : nil
        } catch {
          expect((try? reader.read(piece, into: &body)) == nil, "a refused body stays refused")
          return .refused(error)
        }
      }
      expect(body.count <= bytesMax, "a body has its bound")
      if let verdict { return verdict }
      start = end
    }
    return .incomplete(body: body)
  }

  /// Decodes the chunks of a complete body, as simply as possible.
  private static func plainlyDecoded(_ bytes: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    var index = 0
    while true {
      var size = 0
      while let digit = bytes[index].hexDigitValue {
        size = size * 16 + Int(digit)
        index += 1
      }
      while bytes[index] != 0x0a { index += 1 }
      index += 1
      if size == 0 { return out }
      out.append(bytes.extracting(index..<index + size))
      index += size + 2
    }
  }

  /// Checks that a body written by the gateway is read back unchanged.
  private static func checkWritten(_ body: [UInt8]) {
    var written: [UInt8] = []
    var stream = StreamWriter(minorVersion: 1)
    for half in [body[..<(body.count / 2)], body[(body.count / 2)...]] {
      stream.begin(&written)
      written += half
      stream.commit(&written)
    }
    stream.end(&written)
    let reader = BodyReader(framing: .chunked, bytesMax: body.count)
    let verdict = verdict(reader, written.span, [written.count], body.count)
    expect(verdict == .complete(body: body, end: written.count), "a written body is read as the same")
  }
}
