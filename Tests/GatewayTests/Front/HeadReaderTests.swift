@testable import Gateway
import HTTPText
import Testing

@Suite struct HeadReaderTests {
  @Test(arguments: ["\u{16}", "\u{0}", " ", "\n", "\u{80}", "\r\n\u{16}"])
  func `bytes that cannot begin a request are rejected at the first byte`(_ text: String) throws {
    guard case .rejectedHead = Feed.verdict(Rows.latin1(text)) else {
      Issue.record("still waiting")
      return
    }
  }

  @Test(arguments: [
    ("GET /\r\n", HeadError.requestLine),
    ("GET / HTTP/2.0\r\n", .versionNotSupported),
    ("GET / HTTP/1.1\r\nX : y\r\n", .spaceBeforeColon),
    ("GET / HTTP/1.1\r\nX: y\r\n ", .folded),
    ("GET / HTTP/1.1\r\nX: y\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\nX: y\rz", .bareCarriageReturn),
    ("GET / HTTP/1.1\r\nX: y\u{0}", .controlByte),
    ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
  ])
  func `an error is found before the head is complete`(_ text: String, _ error: HeadError) {
    #expect(Feed.verdict(Rows.latin1(text)) == .rejectedHead(error))
    #expect(Feed.verdict(Rows.latin1(String(text.unicodeScalars.dropLast()))) == .incomplete)
  }

  @Test func `a limit is enforced at the byte that exceeds it`() {
    let line = [UInt8](repeating: 0x41, count: HeadReader.requestLineBytesMax)
    #expect(Feed.verdict(line) == .incomplete)
    #expect(Feed.verdict(line + [0x41]) == .rejectedHead(.requestLineTooLong))

    let field = Rows.latin1("GET / HTTP/1.1\r\n") + [UInt8](repeating: 0x41, count: HeadLimits.fieldBytesMax)
    #expect(Feed.verdict(field) == .incomplete)
    #expect(Feed.verdict(field + [0x41]) == .rejectedHead(.fieldTooLong))

    let fields = Rows.latin1("GET / HTTP/1.1\r\n" + String(repeating: "a:\r\n", count: HeadLimits.fieldsMax))
    #expect(Feed.verdict(fields) == .incomplete)
    #expect(Feed.verdict(fields + [0x41]) == .rejectedHead(.tooManyFields))
  }

  @Test(arguments: ["/a.b/c", "/.../x", "/a../b", "/v1.0/v.1/x"])
  func `dots of one segment do not count in the next`(_ path: String) throws {
    var reader = HeadReader()
    let bytes = Rows.latin1("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let head = try reader.read(bytes.span)
    #expect(head.map { bytes.span.bytes($0.path).text } == path)
  }

  @Test func `a complete head is returned again`() throws {
    var reader = HeadReader()
    let once = Rows.next
    let head = try reader.read(once.span)
    #expect(head != nil)
    let again = try reader.read(once.span)
    #expect(again == head)
    let twice = once + once
    let late = try reader.read(twice.span)
    #expect(late == head)
  }

  @Test func `the token bytes are exactly those of the grammar`() {
    let expected = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    for byte in UInt8.min...UInt8.max { #expect(byte.isTokenByte == expected.contains(byte), "\(byte)") }
  }

  @Test func `the message of a repeated field names it`() {
    #expect(HeadError.repeated(.xAPIKey).apiError.message.contains("x-api-key"))
  }
}
