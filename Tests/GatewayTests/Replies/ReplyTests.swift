import Foundation
@testable import Gateway
import Testing

@Suite struct ReplyTests {
  static let hostile = ["a\r\nset-cookie: x", "\u{0}", "a\nb", "\r", "\u{7f}", "\t", "é\u{85}", "\r\n\r\n<html>"]

  private static func options(_ change: (inout Reply.Options) -> Void = { _ in }) -> Reply.Options {
    var options = Reply.Options(requestID: "r1", date: Array("Thu, 01 Jan 1970 00:00:00 GMT".utf8))
    change(&options)
    return options
  }

  private static func json(_ options: Reply.Options) -> [UInt8] {
    var out: [UInt8] = []
    Reply.complete(200, "application/json", Array("{}".utf8).span, options, into: &out)
    return out
  }

  @Test func `a response has its fields in order`() throws {
    let received = try #require(Received(Self.json(Self.options())))
    #expect(received.status == 200)
    #expect(received.text == "{}")
    #expect(
      received.fields == [
        "date": "Thu, 01 Jan 1970 00:00:00 GMT", "content-type": "application/json", "content-length": "2",
        "cache-control": "no-store", "x-content-type-options": "nosniff", "x-request-id": "r1", "request-id": "r1",
      ])
  }

  @Test func `a response names the connection's end if it is not the default`() throws {
    for (minor, keeps, told) in [(1, true, nil), (1, false, "close"), (0, true, "keep-alive"), (0, false, "close")]
    {
      let options = Self.options {
        $0.minorVersion = UInt8(minor)
        $0.keepsAlive = keeps
      }
      #expect(try #require(Received(Self.json(options))).fields["connection"] == told)
    }
  }

  @Test func `a response to HEAD has only a head`() throws {
    let text = String(decoding: Self.json(Self.options { $0.isHead = true }), as: UTF8.self)
    #expect(text.contains("content-length: 2\r\n"))
    #expect(text.hasSuffix("\r\n\r\n"))
    var out: [UInt8] = []
    ErrorReply.response(APIError(404, .notFound, "x"), Self.options { $0.isHead = true }, into: &out)
    #expect(String(decoding: out, as: UTF8.self).hasSuffix("\r\n\r\n"))
    #expect(!String(decoding: out, as: UTF8.self).contains("content-length: 0"))
  }

  @Test func `a 204 response has no length`() {
    var out: [UInt8] = []
    Reply.open(204, "", .length(0), Self.options(), into: &out)
    Reply.close(into: &out)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 204 No Content\r\n"))
    #expect(!text.contains("\r\ncontent-length"))
    #expect(!text.contains("\r\ncontent-type"))
  }

  @Test(arguments: hostile)
  func `no value from outside breaks the head`(_ text: String) throws {
    var out: [UInt8] = []
    let options = Self.options { $0.allowedOrigin = text }
    Reply.open(200, "application/json", .length(0), options, into: &out)
    Reply.add("x-served-by", text, into: &out)
    Reply.close(into: &out)
    var apiError = APIError(405, .methodNotAllowed, text, param: text, upstreamBody: text)
    apiError.allow = text
    var refused: [UInt8] = []
    ErrorReply.response(apiError, options, into: &refused)
    var streamed: [UInt8] = []
    StreamWriter.head(options, servedBy: text, text, into: &streamed)
    for bytes in [out, refused, streamed] {
      let received = try #require(Received(bytes))
      #expect(received.fields["set-cookie"] == nil)
      let head = bytes[..<(try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8))).lowerBound)]
      #expect(!head.contains(0) && !head.contains(0x7f))
      #expect(head.count { $0 == 0x0d } == head.count { $0 == 0x0a })
    }
    let body = try #require(Received(refused)).body
    let object = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: [String: Any]])
    #expect(object["error"]?["message"] as? String == text)
    #expect(object["error"]?["param"] as? String == text)
    #expect((object["error"]?["metadata"] as? [String: String])?["upstream_body"] == text)
  }

  // MARK: Errors

  @Test(arguments: APIError.Code.allCases)
  func `every error response has an error object`(_ code: APIError.Code) throws {
    for (status, type) in [
      (400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"),
      (404, "not_found_error"), (429, "rate_limit_error"), (503, "overloaded"), (502, "server_error"),
    ] {
      var out: [UInt8] = []
      ErrorReply.response(APIError(status, code, "Say \"why\"."), Self.options(), into: &out)
      let received = try #require(Received(out))
      #expect(received.status == status)
      #expect(
        received.text
          == #"{"error":{"message":"Say \"why\".","type":"\#(type)","param":null,"code":"\#(code.rawValue)","#
          + #""request_id":"r1"}}"# + "\n")
      #expect((received.fields["www-authenticate"] == "Bearer") == (status == 401))
      #expect((received.fields["x-should-retry"] == "false") == [401, 403].contains(status))
    }
  }

  @Test func `an error response has the fields that help a client`() throws {
    var out: [UInt8] = []
    let apiError = APIError(405, .methodNotAllowed, "x", retryAfter: 3, allow: "GET")
    ErrorReply.response(apiError, Self.options { $0.requestID = "" }, into: &out)
    let received = try #require(Received(out))
    #expect(received.fields["allow"] == "GET")
    #expect(received.fields["retry-after"] == "3")
    #expect(received.fields["x-request-id"] == nil)
    #expect(!received.text.contains("request_id"))
  }

  @Test func `every status that hoosh sends has its reason phrase`() {
    for status in [
      200, 204, 400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 421, 422, 429, 431, 500, 501, 502, 503, 504, 505,
    ] {
      #expect(Reply.reason(status).description != "Status")
    }
    #expect(Reply.reason(299).description == "Status")
  }
}
