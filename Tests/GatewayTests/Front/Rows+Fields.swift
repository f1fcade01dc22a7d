@testable import Gateway

extension Rows {
  static let fields: [Row] = [
    field("H6", "a space before the colon", "X-A : b\r\n", .spaceBeforeColon),
    field("H6", "a tab before the colon", "X-A\t: b\r\n", .spaceBeforeColon),
    field("H6", "a space before the colon of a length", "Content-Length : 5\r\n", .spaceBeforeColon),
    field("H6", "a space before the colon of a coding", "Transfer-Encoding : chunked\r\n", .spaceBeforeColon),
    field("H7", "a folded line", "X-A: b\r\n c\r\n", .folded),
    field("H7", "a line folded by a tab", "X-A: b\r\n\tc\r\n", .folded),
    field("H7", "a folded coding", "Transfer-Encoding:\r\n chunked\r\n", .transferEncoding),
    field("H7", "a line of white space", "X-A: b\r\n  \r\n", .folded),
    head("H7", "white space before the first field", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", .folded),
    head("H7", "a tab before the first field", "GET / HTTP/1.1\r\n\tHost: localhost\r\n\r\n", .folded),
    field("H8", "a bare line feed behind a field", "X-A: b\nX-B: c\r\n", .bareLineFeed),
    field("H8", "a bare line feed in a name", "X-\nA: b\r\n", .bareLineFeed),
    field("H8", "a bare carriage return in a value", "X-A: b\rc\r\n", .bareCarriageReturn),
    field("H8", "a bare carriage return in a name", "X\r-A: b\r\n", .bareCarriageReturn),
    field("H8", "two carriage returns behind a field", "X-A: b\r\r\n", .bareCarriageReturn),
    field(
      "H8", "a field hidden behind a carriage return", "X-A: b\rTransfer-Encoding: chunked\r\n", .bareCarriageReturn
    ),
    head("H8", "an empty line of one line feed", "GET / HTTP/1.1\r\nHost: localhost\r\n\n", .bareLineFeed),
    head(
      "H8", "an empty line of one carriage return", "GET / HTTP/1.1\r\nHost: localhost\r\n\rX", .bareCarriageReturn),
    head("H8", "line feeds only", "GET / HTTP/1.1\nHost: localhost\n\n", .bareLineFeed),
    field("H9", "a NUL in a value", "X-A: b\u{0}c\r\n", .controlByte),
    field("H9", "a bell in a value", "X-A: \u{7}\r\n", .controlByte),
    field("H9", "a vertical tab in a value", "X-A: b\u{b}\r\n", .controlByte),
    field("H9", "an escape in a value", "X-A: \u{1b}[0m\r\n", .controlByte),
    field("H9", "a DEL in a value", "X-A: \u{7f}\r\n", .controlByte),
    field("H9", "a NUL in a key", "Authorization: Bearer \u{0}\r\n", .controlByte),
    field("H10", "an empty name", ": b\r\n", .fieldName),
    field("H10", "a colon alone", ":\r\n", .fieldName),
    field("H10", "a line without a colon", "X-A b\r\n", .spaceBeforeColon),
    field("H10", "a word without a colon", "X-A\r\n", .noColon),
    field("H10", "a space in a name", "X A: b\r\n", .spaceBeforeColon),
    field("H10", "a name above ASCII", "X-\u{c4}: b\r\n", .fieldName),
    field("H10", "a no-break space behind a name", "Content-Length\u{a0}: 5\r\n", .fieldName),
    field("H10", "a name in quotes", "\"X\": b\r\n", .fieldName),
    field("H10", "parentheses in a name", "X(a): b\r\n", .fieldName),
    field("H10", "a slash in a name", "X/A: b\r\n", .fieldName),
    field("H10", "a comma in a name", "X,Y: b\r\n", .fieldName),
    field("H10", "braces in a name", "{x}: b\r\n", .fieldName),
    field("H10", "a NUL in a name", "X\u{0}A: b\r\n", .controlByte),
    field("H10", "an at sign in a name", "x@y: b\r\n", .fieldName),
    field("H25", "an unknown expectation", "Expect: 200-ok\r\n", .expectation, 417),
    field("H25", "two expectations in a line", "Expect: 100-continue, x\r\n", .expectation, 417),
    field("H25", "an empty expectation", "Expect:\r\n", .expectation, 417),
    field("H2", "two keys", "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", .repeated(.authorization)),
    field(
      "H2", "the same key twice", "authorization: Bearer a\r\nAuthorization: Bearer a\r\n",
      .repeated(.authorization)),
    field("H2", "two keys of the other kind", "X-API-Key: a\r\nx-api-key: b\r\n", .repeated(.xAPIKey)),
    field("H2", "two content types", "Content-Type: a/b\r\nContent-Type: c/d\r\n", .repeated(.contentType)),
    field("H2", "two origins", "Origin: http://a\r\nOrigin: http://b\r\n", .repeated(.origin)),
    field("H2", "two encodings", "Content-Encoding: br\r\nContent-Encoding: gzip\r\n", .repeated(.contentEncoding)),
  ]

  private static func length(_ name: String, _ value: String) -> Row {
    field("H3", name, "Content-Length: \(value)\r\n", .contentLength)
  }

  private static func coding(_ name: String, _ value: String, _ error: HeadError, _ status: Int = 400) -> Row {
    field("H4", name, "Transfer-Encoding: \(value)\r\n", error, status)
  }

  static let framings: [Row] = [
    field(
      "H1", "a length before a coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
    field(
      "H1", "a coding before a length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", .lengthAndCoding),
    field("H1", "both in other letters", "CONTENT-LENGTH: 5\r\ntransfer-encoding: CHUNKED\r\n", .lengthAndCoding),
    field(
      "H1", "a length of zero and a coding", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding
    ),
    field(
      "H1", "both with a field between", "Content-Length: 5\r\nA: b\r\nTransfer-Encoding: chunked\r\n",
      .lengthAndCoding),
    field(
      "H1", "a length before an unknown coding", "Content-Length: 5\r\nTransfer-Encoding: x\r\n", .lengthAndCoding),
    field("H2", "two lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n", .repeated(.contentLength)),
    field("H2", "two lengths that agree", "Content-Length: 5\r\nContent-Length: 5\r\n", .repeated(.contentLength)),
    field("H2", "two lengths of zero", "Content-Length: 0\r\ncontent-length: 0\r\n", .repeated(.contentLength)),
    field("H2", "a list of equal lengths", "Content-Length: 5, 5\r\n", .contentLength),
    field("H2", "a list of lengths that differ", "Content-Length: 5,6\r\n", .contentLength),
    length("a plus sign", "+5"), length("a minus sign", "-5"), length("minus zero", "-0"),
    length("a space inside", "1 0"), length("a tab inside", "1\t0"), length("hexadecimal", "0x5"),
    length("an underscore", "1_0"), length("octal", "0o5"), length("empty", ""), length("blank", "  "),
    length("a comma behind", "5,"), length("a comma before", ",5"), length("a decimal point", "5.0"),
    length("an exponent", "1e3"), length("a word", "five"), length("quotes", "\"5\""), length("a semicolon", "5;"),
    length("twenty digits", "00000000000000000005"), length("2^63", "9223372036854775808"),
    length("nineteen nines", "9999999999999999999"), length("2^64 + 5", "18446744073709551621"),
    length("forty digits", String(repeating: "9", count: 40)), length("wide digits", "\u{ef}\u{bc}\u{95}"),
    coding("an unknown coding", "gzip", .transferCodingUnknown, 501),
    coding("identity", "identity", .transferCodingUnknown, 501),
    coding("a coding that ends alike", "xchunked", .transferCodingUnknown, 501),
    coding("a coding that begins alike", "chunkedx", .transferCodingUnknown, 501),
    coding("a list with chunked last", "gzip, chunked", .transferEncoding),
    coding("a list with chunked first", "chunked, gzip", .transferEncoding),
    coding("chunked twice in a line", "chunked, chunked", .transferEncoding),
    coding("chunked and identity", "chunked,identity", .transferEncoding),
    coding("empty", "", .transferEncoding), coding("blank", " \t", .transferEncoding),
    coding("a parameter", "chunked;q=1", .transferEncoding),
    coding("a comma behind", "chunked,", .transferEncoding),
    coding("a comma before", ",chunked", .transferEncoding),
    coding("a vertical tab before", "\u{b}chunked", .controlByte),
    coding("a form feed behind", "chunked\u{c}", .controlByte),
    coding("a no-break space before", "\u{a0}chunked", .transferEncoding),
    coding("quotes", "\"chunked\"", .transferEncoding), coding("two words", "chunked x", .transferEncoding),
    coding("a NUL behind", "chunked\u{0}", .controlByte),
    field(
      "H4", "two equal codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      .repeated(.transferEncoding)),
    field(
      "H4", "chunked, then another", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      .repeated(.transferEncoding)),
    head(
      "H5", "a coding in HTTP/1.0", post("Transfer-Encoding: chunked\r\n", version: "HTTP/1.0"),
      .transferEncodingTooOld),
    head(
      "H5", "an unknown coding in HTTP/1.0", post("Transfer-Encoding: x\r\n", version: "HTTP/1.0"),
      .transferEncodingTooOld),
  ]

  private static func host(_ name: String, _ lines: String, _ error: HeadError, _ target: String = "/") -> Row {
    head("H21", name, "GET \(target) HTTP/1.1\r\n\(lines)\r\n", error)
  }

  static let hosts: [Row] = [
    host("no host", "", .hostMissing), host("no host, but other fields", "Accept: */*\r\n", .hostMissing),
    host("no host beside an absolute target", "", .hostMissing, "http://localhost/"),
    host("two hosts", "Host: a\r\nHost: b\r\n", .repeated(.host)),
    host("the same host twice", "Host: a\r\nhost: a\r\n", .repeated(.host)),
    host("an empty host", "Host:\r\n", .hostMalformed), host("a blank host", "Host:  \r\n", .hostMalformed),
    host("a port alone", "Host: :80\r\n", .hostMalformed),
    host("user information", "Host: a@b\r\n", .hostMalformed),
    host("a path", "Host: a/b\r\n", .hostMalformed), host("a scheme", "Host: http://a\r\n", .hostMalformed),
    host("a comma", "Host: a, b\r\n", .hostMalformed), host("a space", "Host: a b\r\n", .hostMalformed),
    host("an escape", "Host: a%2eb\r\n", .hostMalformed),
    host("a name above ASCII", "Host: \u{e4}\r\n", .hostMalformed),
    host("a query", "Host: a?b\r\n", .hostMalformed), host("a fragment", "Host: a#b\r\n", .hostMalformed),
    host("an empty port", "Host: a:\r\n", .hostMalformed), host("port 0", "Host: a:0\r\n", .hostMalformed),
    host("a port too high", "Host: a:65536\r\n", .hostMalformed),
    host("a port of six digits", "Host: a:000080\r\n", .hostMalformed),
    host("a port with a sign", "Host: a:+80\r\n", .hostMalformed),
    host("two ports", "Host: a:1:2\r\n", .hostMalformed),
    host("a port of letters", "Host: a:http\r\n", .hostMalformed),
    host("an open bracket", "Host: [::1\r\n", .hostMalformed),
    host("empty brackets", "Host: []\r\n", .hostMalformed),
    host("a name in brackets", "Host: [localhost]\r\n", .hostMalformed),
    host("a zone", "Host: [fe80::1%25eth0]\r\n", .hostMalformed),
    host("letters behind brackets", "Host: [::1]x\r\n", .hostMalformed),
    host("an address without brackets", "Host: ::1\r\n", .hostMalformed),
    host("a name of 256 bytes", "Host: \(String(repeating: "a", count: 256))\r\n", .hostMalformed),
    host("another host in the target", "Host: b\r\n", .hostDisagrees, "http://a/"),
    host("another port in the target", "Host: a:81\r\n", .hostDisagrees, "http://a:82/"),
    host("a port in the target only", "Host: a\r\n", .hostDisagrees, "http://a:8080/"),
    host("a longer host in the target", "Host: a\r\n", .hostDisagrees, "http://a.b/"),
    head("H21", "another host with CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", .hostDisagrees),
  ]
}
