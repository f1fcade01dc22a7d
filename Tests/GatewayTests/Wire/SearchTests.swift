import Glibc
import Testing

@testable import Gateway

struct SearchTests {
  /// Passes bytes that end where an unreadable page begins.
  private func guarded(_ bytes: [UInt8], _ body: (Span<UInt8>) -> Void) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let room = (bytes.count + page - 1) / page * page
    let map = mmap(nil, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(map != MAP_FAILED && mprotect(map + room, page, PROT_NONE) == 0)
    let start = map + (room - bytes.count)
    bytes.withUnsafeBytes { if !$0.isEmpty { memcpy(start, $0.baseAddress!, $0.count) } }
    body(UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: bytes.count).span)
    munmap(map, room + page)
  }

  private func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5c }

  @Test func `each byte ends plain text or does not, at every offset and length`() {
    for count in [0, 1, 7, 8, 9, 15, 16, 17, 39, 40, 41, 47, 48, 80] {
      var bytes = Array(repeating: UInt8(ascii: "x"), count: count)
      #expect(Search.endOfPlainText(in: bytes.span, from: 0) == count)
      for place in 0..<count {
        for byte in UInt8.min...UInt8.max {
          bytes[place] = byte
          let end = Search.endOfPlainText(in: bytes.span, from: 0)
          if end != (isPlain(byte) ? count : place) { Issue.record("\(byte) at \(place) of \(count): \(end)") }
        }
        bytes[place] = UInt8(ascii: "x")
      }
    }
  }

  @Test func `a search of random bytes finds the same as a simple loop`() {
    var chance = Seeded(9)
    for _ in 0..<2000 {
      let count = Int.random(in: 0...70, using: &chance)
      let bytes = (0..<count).map { _ in
        Int.random(in: 0..<12, using: &chance) > 0
          ? UInt8.random(in: 0x0a...0x7f, using: &chance) : UInt8.random(in: 0...255, using: &chance)
      }
      let from = Int.random(in: 0...count, using: &chance)
      let rest = bytes[from...]
      #expect(Search.endOfPlainText(in: bytes.span, from: from) == rest.firstIndex { !isPlain($0) } ?? count)
      #expect(Search.endOfLine(in: bytes.span, from: from) == rest.firstIndex { $0 == 0x0a || $0 == 0x0d } ?? count)
      #expect(Search.control(in: bytes.span, from: from) == rest.firstIndex { $0 < 0x20 || $0 == 0x7f } ?? count)
      #expect(Search.firstIndex(of: 0x41, in: bytes.span, from: from) == rest.firstIndex(of: 0x41))
      #expect(Search.index(of: 0x41, in: bytes.span, from: from) == rest.firstIndex(of: 0x41) ?? count)
      let end = Int.random(in: from...count, using: &chance)
      var word: UInt64 = 0
      for (index, byte) in bytes[from..<min(end, from + 8)].enumerated() {
        word |= UInt64(byte) << UInt64(index * 8)
      }
      #expect(Search.word(in: bytes.span, at: from, before: end) == word)
    }
  }

  @Test func `control characters are found at every offset, and no other bytes`() {
    for filler in [0x20, 0x21, 0x7e, 0x80, 0x9f, 0xff] as [UInt8] {
      for place in 0..<20 {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: filler, count: 20)
          bytes[place] = byte
          let found = Search.control(in: bytes.span, from: 0)
          if found != (byte < 0x20 || byte == 0x7f ? place : 20) {
            Issue.record("\(byte) at \(place) in \(filler)")
          }
        }
      }
    }
  }

  @Test func `words are found`() {
    func finds(_ word: StaticString, in text: String) -> Bool {
      let bytes = Array(text.utf8)
      return Search.contains(word, in: bytes.span)
    }
    for text in ["image", "a mimage, and images", "iimage", "imimage"] {
      #expect(finds("image", in: text), "\(text)")
    }
    for text in ["", "i", "imag", "imagimag", "IMAGE", "im age"] { #expect(!finds("image", in: text), "\(text)") }
  }

  @Test func `no byte is read after the end`() {
    for count in Array(0...70) + [4095, 4096, 4097] {
      let bytes = Array(repeating: UInt8(ascii: "x"), count: count)
      guarded(bytes) { span in
        for from in Set([0, 1, count / 2, count - 9, count - 8, count - 1, count]) where from >= 0 && from <= count
        {
          let text = Search.endOfPlainText(in: span, from: from)
          let line = Search.endOfLine(in: span, from: from)
          let zero = Search.firstIndex(of: 0, in: span, from: from)
          let control = Search.control(in: span, from: from)
          let word = Search.word(in: span, at: from, before: count)
          #expect(text == count)
          #expect(line == count)
          #expect(zero == nil)
          #expect(control == count)
          #expect(word == 0x7878_7878_7878_7878 >> UInt64(max(0, 8 - (count - from)) * 8))
        }
      }
    }
  }

  @Test func `a text before an unreadable page is read to its end and no further`() {
    let texts = JSONSamples.valid + JSONSamples.invalid.map(\.text)
    for text in texts {
      let json = Array(text.utf8)
      // Each truncated length puts another byte before the page.
      for count in Set([json.count, json.count / 2, max(0, json.count - 1)]) {
        let cut = Array(json[..<count])
        guarded(cut) { span in
          let error = error(span)
          #expect(error == JSONSamples.scanError(cut))
          walk(span)
        }
      }
    }
    for bytes in JSONSamples.malformed {
      guarded([0x22] + bytes) { span in
        let error = error(span)
        #expect(error != nil)
      }
    }
  }

  private func error(_ json: Span<UInt8>) -> JSONError? {
    do throws(JSONError) {
      _ = try Scanner.whole(json)
      return nil
    } catch { return error }
  }

  private func walk(_ json: Span<UInt8>) {
    do throws(JSONError) {
      var cursor = try ObjectCursor(whole: json)
      while let member = try cursor.next(in: json) {
        _ = member.keyEquals("model", in: json)
        _ = member.value.string(in: json)
      }
    } catch {}
  }
}
