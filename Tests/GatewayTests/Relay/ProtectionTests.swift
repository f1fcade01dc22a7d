import Glibc
import Reactor
import Support
import Testing

@testable import Gateway

/// The protection of a gateway, which a reload may not weaken.
@Suite struct ProtectionTests {
  private static let keys = "[auth]\ntokens = [\"a-key-of-the-callers\"]\n"

  private static func read(_ text: String) throws -> Configuration {
    try Configuration.read(text: Array(text.utf8), file: "test.toml", environment: [:])
  }

  private static func objection(_ next: String, after running: String, exposed: String? = nil) throws -> String? {
    let running = try read(running)
    return Protection(running, exposed: exposed).objection(to: try read(next), after: running)
  }

  @Test func `a configuration without keys is rejected where there were some, unless it says that it is open`()
    throws
  {
    #expect(try Self.objection("[server]\nport = 1\n", after: Self.keys)?.contains("auth.tokens") == true)
    #expect(try Self.objection("", after: Self.keys)?.contains("auth.tokens") == true)
    #expect(try Self.objection("[auth]\ntokens = []\n", after: Self.keys)?.contains("auth.open = true") == true)
    #expect(try Self.objection("[auth]\nopen = true\n", after: Self.keys) == nil)
    #expect(try Self.objection("[auth]\ntokens = [\"another\"]\n", after: Self.keys) == nil)
    #expect(try Self.objection("[server]\nport = 2\n", after: "[server]\nport = 1\n") == nil)
  }

  @Test
  func `a configuration without keys is rejected where other machines reach the gateway, also if it was open`()
    throws
  {
    let open = "[auth]\nopen = true\n"
    let reason = try #require(try Self.objection("[server]\nport = 2\n", after: open, exposed: "0.0.0.0"))
    #expect(reason.contains("0.0.0.0"))
    #expect(try Self.objection(open + "[server]\nport = 2\n", after: open, exposed: "0.0.0.0") == nil)
    #expect(try Self.objection("[server]\nport = 2\n", after: open) == nil)
  }

  @Test func `keys that were needed once stay needed, also after a configuration that was open`() throws {
    let keyed = try Self.read(Self.keys)
    let open = try Self.read("[auth]\nopen = true\n")
    let silent = try Self.read("[server]\nport = 1\n")
    var protection = Protection(silent, exposed: nil)
    #expect(protection.objection(to: silent, after: silent) == nil)
    protection.accepted(keyed)
    #expect(protection.objection(to: open, after: keyed) == nil)
    protection.accepted(open)
    #expect(protection.objection(to: silent, after: open) != nil)
  }

  @Test func `no file that is cut anywhere leaves a gateway less protected`() throws {
    let text = """
      [server]
      port = 8088
      [[providers]]
      type = "Demo"
      \(Self.keys)[[providers]]
      type = "OpenAiCompatible"
      base_url = "http://up.test"
      address_policy = "public"

      """
    let running = try Self.read(text)
    let protection = Protection(running, exposed: nil)
    for end in 0..<text.utf8.count {
      let cut = String(decoding: Array(text.utf8)[..<end], as: UTF8.self)
      guard let next = try? Self.read(cut), protection.objection(to: next, after: running) == nil else { continue }
      #expect(next.auth.tokens == running.auth.tokens, "cut at \(end)")
      #expect(cut.hasSuffix("\n") || text.utf8.dropFirst(end).first == 0x0a, "cut within a line at \(end)")
    }
  }

  @Test(arguments: [
    ("port = 80", "port = 8088\n", true), ("port = 8088", "port = 8088\n", false), ("", "port = 1\n", true),
    ("# nothing\n\n", "port = 1\n", true), ("", "# nothing\n", false), ("a = 1\n", "a = 1\nb = 2\n", false),
    ("a = 2", "a = 12\n", false), ("port = 1\n", "", false),
  ])
  func `a text that ends within a line of the one in use was cut`(next: String, running: String, isCut: Bool) {
    #expect((Protection.truncation(of: Array(next.utf8), after: Array(running.utf8)) != nil) == isCut)
  }

  @Test func `a rejected reload changes nothing, and its reason has no key`() throws {
    let world = try World(toml: Self.keys, [{ _ in [] }])
    var configuration = world.gateway.settings.configuration
    configuration.auth.tokens = []
    configuration.server.allowedHosts = ["new.test"]
    let reason = try #require(world.gateway.apply(configuration))
    #expect(!reason.contains("a-key-of-the-callers"))
    #expect(world.gateway.settings.configuration.server.allowedHosts.isEmpty)
    #expect(try world.exchange(Array("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)).status == 401)
    configuration.auth.isOpen = true
    #expect(world.gateway.apply(configuration) == nil)
    #expect(world.gateway.settings.configuration.server.allowedHosts == ["new.test"])
  }

  /// Returns a socket that listens for the whole network.
  private static func exposedSocket() -> CInt {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    precondition(result == 0 && Glibc.listen(descriptor, 8) == 0, "cannot listen")
    return descriptor
  }

  private static func listen(_ text: String) throws -> Gateway {
    let configuration = try read("[access_log]\nformat = \"off\"\n\(text)")
    let gateway = try Gateway(
      configuration, reactor: try Reactor(Gateway.reactorOptions(configuration)), seed: 1)
    _ = try gateway.listen(inherited: exposedSocket())
    return gateway
  }

  @Test func `an inherited socket for the whole network needs keys, whatever the configuration binds`() throws {
    #expect(throws: ListenError.self) { try Self.listen("[server]\nbind = \"127.0.0.1\"\n") }
    #expect(try Self.listen(Self.keys).settings.listener.hasPrefix("0.0.0.0:"))
    #expect(try Self.listen("[auth]\nopen = true\n").settings.hosts.allows(Array("10.1.2.3".utf8).span))
  }

  @Test func `a gateway on an inherited socket for the whole network keeps its keys`() throws {
    let gateway = try Self.listen("[auth]\nopen = true\n")
    #expect(gateway.apply(try Self.read("[server]\nport = 1\n"))?.contains("0.0.0.0") == true)
    #expect(gateway.apply(try Self.read(Self.keys)) == nil)
    #expect(gateway.apply(try Self.read("[server]\nport = 1\n")) != nil)
  }

  @Test func `the keys that take a restart are named`() throws {
    let start = try Self.read("[access_log]\nformat = \"off\"\n")
    let next = try Self.read("[server]\nport = 9\nstrict = true\n[access_log]\nformat = \"json\"\n")
    #expect(next.keysNeedingRestart(since: start) == ["server.port", "access_log.format"])
    #expect(start.keysNeedingRestart(since: start).isEmpty)
  }

  @Test func `an open gateway has no keys`() throws {
    #expect(throws: ConfigurationErrors.self) { try Self.read("[auth]\nopen = true\ntokens = [\"a-key\"]\n") }
    #expect(try Self.read("[server]\nbind = \"0.0.0.0\"\n[auth]\nopen = true\n").auth.isOpen)
    #expect(throws: ConfigurationErrors.self) { try Self.read("[server]\nbind = \"0.0.0.0\"\n") }
  }

  @Test func `no dump of a configuration shows the text of its file`() throws {
    let configuration = try Self.read(Self.keys)
    var text = ""
    dump(configuration, to: &text)
    #expect(!text.contains("a-key-of-the-callers") && !"\(configuration)".contains("a-key-of-the-callers"))
    #expect(!configuration.text.bytes.isEmpty)
  }
}
