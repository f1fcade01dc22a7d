@testable import Gateway
import HTTPText
import Testing

@Suite struct BodyReaderTests {
  @Test func `a declared length above the limit is rejected before a byte is read`() {
    var reader = BodyReader(framing: .length(11), bytesMax: 10)
    #expect(reader.error == .tooLarge)
    var body: [UInt8] = []
    #expect(throws: BodyError.tooLarge) { try reader.read("", into: &body) }
    #expect(BodyReader(framing: .length(10), bytesMax: 10).error == nil)
    #expect(BodyReader(discarding: .length(BodyReader.discardsMax + 1)).error == .unwanted)
    #expect(BodyReader(discarding: .length(BodyReader.discardsMax)).error == nil)
  }

  @Test func `memory for a declared length is not reserved before the bytes arrive`() throws {
    var reader = BodyReader(framing: .length(10 * 1024 * 1024), bytesMax: 10 * 1024 * 1024)
    var body: [UInt8] = []
    let progress = try reader.read("{", into: &body)
    #expect(progress == BodyProgress(consumed: 1, isComplete: false))
    #expect(body.capacity < 2 * [UInt8].promisedBytesMax)
  }

  @Test func `a chunked body of exactly the limit is read, and one byte more is an error`() throws {
    var body: [UInt8] = []
    var reader = BodyReader(framing: .chunked, bytesMax: 5)
    let progress = try reader.read("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nGET", into: &body)
    #expect(progress == BodyProgress(consumed: 20, isComplete: true))
    #expect(body == Rows.latin1("hello"))

    var other = BodyReader(framing: .chunked, bytesMax: 5)
    #expect(throws: BodyError.tooLarge) { try other.read("2\r\nhe\r\n4\r\n", into: &body) }
  }

  @Test func `an error in a body is permanent`() {
    var body: [UInt8] = []
    var reader = BodyReader(framing: .chunked, bytesMax: 5)
    #expect(throws: BodyError.chunkSize) { try reader.read("x", into: &body) }
    #expect(throws: BodyError.chunkSize) { try reader.read("0\r\n\r\n", into: &body) }
    #expect(body.isEmpty)
  }

  @Test func `a request without a body is complete and consumes nothing`() throws {
    var body: [UInt8] = []
    for framing in [RequestHead.Framing.none, .length(0)] {
      var reader = BodyReader(framing: framing, bytesMax: 5)
      #expect(reader.isComplete)
      let progress = try reader.read("GET", into: &body)
      #expect(progress == BodyProgress(consumed: 0, isComplete: true))
    }
    #expect(body.isEmpty)
  }

  @Test func `a body is appended to existing bytes`() throws {
    var body = Rows.latin1("a")
    var reader = BodyReader(framing: .length(2), bytesMax: 2)
    let progress = try reader.read("bcd", into: &body)
    #expect(progress == BodyProgress(consumed: 2, isComplete: true))
    #expect(body == Rows.latin1("abc"))
  }

  @Test func `a discarded body is not stored`() throws {
    var body: [UInt8] = []
    var reader = BodyReader(discarding: .chunked)
    let progress = try reader.read("5\r\nhello\r\n0\r\n\r\n", into: &body)
    #expect(progress == BodyProgress(consumed: 15, isComplete: true))
    #expect(body.capacity == 0)
  }
}

extension BodyReader {
  fileprivate mutating func read(_ text: String, into body: inout [UInt8]) throws(BodyError) -> BodyProgress {
    let bytes = Rows.latin1(text)
    return try read(bytes.span, into: &body)
  }
}
