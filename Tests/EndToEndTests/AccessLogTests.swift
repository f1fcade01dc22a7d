import Foundation
import Testing

@testable import Support

@Suite struct AccessLogTests {
  private static func configuration(_ section: String) -> String {
    """
    [server]
    port = 0
    [[providers]]
    type = "Demo"
    models = ["demo", "demo-*"]
    demo.first_token_ms = 0
    demo.tokens_per_second = 0
    [auth]
    tokens = ["canary-key-0123456789"]
    [access_log]
    \(section)
    """
  }

  private static let key = ["Authorization: Bearer canary-key-0123456789"]

  @Test func `each request has one line of JSON, without prompt, answer, or key`() throws {
    let program = try Program(
      ["serve"], files: ["hoosh.toml": Self.configuration("format = \"json\"\npath = \"rows.json\"")])
    let port = try program.port()
    for index in 0..<5 {
      let caller = Caller(port)
      caller.ask("demo-tokens3", prompt: "canary-prompt", fields: Self.key + ["X-Request-Id: row-\(index)"])
      #expect(caller.finish())
      #expect(caller.answer?.status == 200)
    }
    let refused = Caller(port)
    refused.ask(
      "demo", prompt: "canary-prompt", fields: ["Authorization: Bearer canary-wrong", "X-Request-Id: row-5"])
    #expect(refused.finish())
    #expect(refused.answer?.status == 401)
    program.signal(SIGTERM)
    #expect(program.wait() == 0)

    let text = try #require(program.file("rows.json"))
    #expect(!(text + program.errors + program.output).contains("canary"))
    let rows = try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(rows.count == 6)
    #expect(rows.compactMap { $0["id"] as? String } == (0..<6).map { "row-\($0)" })
    for row in rows.prefix(5) {
      #expect(row["outcome"] as? String == "completed")
      #expect(row["caller"] as? String == "key-1")
      #expect(row["model"] as? String == "demo-tokens3")
      #expect(row["status"] as? Int == 200)
      #expect(row["completion_tokens"] as? Int ?? 0 > 0)
      #expect((row["time"] as? String)?.hasSuffix("Z") == true)
    }
    #expect(rows.last?["outcome"] as? String == "rejected")
    #expect(rows.last?["status"] as? Int == 401)
  }

  @Test func `text lines go to standard error, one per request`() throws {
    let program = try Program(["serve"], files: ["hoosh.toml": Self.configuration("format = \"text\"")])
    let caller = Caller(try program.port())
    caller.ask("demo-tokens3", prompt: "canary-prompt", fields: Self.key)
    #expect(caller.finish())
    #expect(eventually { program.errors.contains("/v1/chat/completions model=demo-tokens3") })
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    #expect(program.errors.split(separator: "\n").count { $0.contains("completed") } == 1)
    #expect(!program.errors.contains("canary"))
  }

  @Test func `with the format off, no lines are written`() throws {
    let program = try Program(["serve"], files: ["hoosh.toml": Self.configuration("format = \"off\"")])
    let caller = Caller(try program.port())
    caller.ask("demo-tokens3", fields: Self.key)
    #expect(caller.finish())
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    #expect(!program.errors.contains("completed"))
  }

  @Test func `an access log that cannot be opened is an error at startup`() throws {
    let run = try Run.hoosh(
      ["serve"], files: ["hoosh.toml": Self.configuration("format = \"json\"\npath = \"no/such/folder/rows\"")])
    #expect(run.status != 0)
    #expect(run.errors.contains("no/such/folder/rows"))
  }

  @Test func `after a rotation and SIGHUP, requests are in a new file`() throws {
    let program = try Program(
      ["serve"], files: ["hoosh.toml": Self.configuration("format = \"json\"\npath = \"rows.json\"")])
    let port = try program.port()
    func ask(_ id: String) {
      let caller = Caller(port)
      caller.ask("demo-tokens3", fields: Self.key + ["X-Request-Id: \(id)"])
      #expect(caller.finish())
    }
    ask("before")
    #expect(eventually { program.file("rows.json")?.contains("before") == true })
    try FileManager.default.moveItem(
      at: program.folder.appending(path: "rows.json"), to: program.folder.appending(path: "rows.json.1"))
    program.signal(SIGHUP)
    #expect(eventually { program.file("rows.json") != nil })
    ask("after")
    #expect(eventually { program.file("rows.json")?.contains("after") == true })
    #expect(program.file("rows.json.1")?.contains("after") == false)
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
  }

  @Test func `a rotation needs no configuration file, and SIGHUP ends nothing`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    program.signal(SIGHUP)
    let caller = Caller(port)
    caller.ask("demo-tokens3")
    #expect(caller.finish())
    #expect(caller.answer?.status == 200)
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
  }
}
