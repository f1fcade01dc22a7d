@testable import Gateway
import Testing

@Suite struct AllowlistTests {
  @Test(arguments: [
    ("127.0.0.1", "localhost", true), ("127.0.0.1", "LOCALHOST", true), ("127.0.0.1", "127.0.0.1", true),
    ("127.0.0.1", "[::1]", true), ("127.0.0.1", "gw.example", true), ("127.0.0.1", "GW.Example", true),
    ("127.0.0.1", "evil.example", false), ("127.0.0.1", "localhost.evil.example", false),
    ("127.0.0.1", "10.0.0.1", false), ("127.0.0.1", "", false), ("127.0.0.1", "localhos", false),
    ("::1", "[::1]", true), ("::1", "::1", false), ("::1", "[::2]", false), ("0.0.0.0", "10.0.0.1", true),
    ("0.0.0.0", "[fe80::1]", true), ("0.0.0.0", "evil.example", false), ("0.0.0.0", "1.2.3", false),
    ("0.0.0.0", "0x7f.1", false), ("::", "192.168.1.1", true), ("192.168.1.5", "192.168.1.5", true),
    ("fd00::5", "[FD00::5]", true), ("localhost", "10.0.0.1", false),
  ])
  func `a host is allowed by name, or as an address of a gateway that binds beyond loopback`(
    _ bind: String, _ host: String, _ isAllowed: Bool
  ) {
    #expect(HostAllowlist(bind: bind, names: ["gw.example"]).allows(Array(host.utf8).span) == isAllowed)
  }

  @Test(
    arguments: [
      ("workstation-7", "workstation-7", true), ("workstation-7", "WORKSTATION-7", true),
      ("workstation-7", "workstation-7.local", true), ("a.corp.example", "a.corp.example", true),
      ("a.corp.example", "a", true), ("a.corp.example", "corp.example", false),
      ("workstation-7", "workstation-7.example", false), ("workstation-7", "elsewhere.example", false),
      ("10.0.0.1", "10.0.0.1", false), ("10.0.0.1", "10", false), ("a b", "a b", false), ("", "", false),
      (nil, "workstation-7", false),
    ] as [(String?, String, Bool)])
  func `the machine's own name is allowed, and no name that only contains it`(
    _ machine: String?, _ host: String, _ isAllowed: Bool
  ) {
    let list = HostAllowlist(bind: "127.0.0.1", names: [], machine: machine)
    #expect(list.allows(Array(host.utf8).span) == isAllowed)
  }

  @Test(
    arguments: [
      (["https://app.example"], "https://app.example", "https://app.example"),
      (["https://App.example"], "HTTPS://app.EXAMPLE", "https://app.example"),
      (["https://app.example"], "https://app.example.evil", nil),
      (["https://app.example"], "http://app.example", nil),
      (["https://app.example"], "https://app.example:444", nil), (["https://app.example"], "null", nil),
      ([], "https://app.example", nil), ([], "*", nil), (["*"], "https://any.example", nil),
    ] as [([String], String, String?)])
  func `an origin is allowed by name`(_ allowed: [String], _ origin: String, _ told: String?) {
    #expect(OriginAllowlist(allowed).allowed(Array(origin.utf8).span) == told)
  }
}
