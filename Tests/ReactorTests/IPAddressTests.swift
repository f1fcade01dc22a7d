import Testing

@testable import Reactor

@Suite struct IPAddressTests {
  @Test(arguments: ["127.0.0.1", "8.8.8.8", "255.255.255.255", "::1", "2001:db8::1", "fe80::1:2:3:4"])
  func `an address is printed as it was parsed`(text: String) throws {
    #expect(try #require(IPAddress(text)).description == text)
  }

  @Test func `the bytes of an address are in network order`() throws {
    #expect(try #require(IPAddress("127.0.0.1")).bytes == [127, 0, 0, 1])
    #expect(
      try #require(IPAddress("2001:db8::102:304")).bytes == [
        0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
      ])
  }

  @Test(arguments: [
    "", "localhost", "1.2.3", "0x7f000001", "2130706433", "017700000001", "127.1", "1.2.3.4.", "[::1]", ":::",
  ])
  func `text that only resembles an address is not one`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test(arguments: [
    "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "198.17.255.255",
    "198.20.0.0", "192.0.1.0", "223.255.255.255", "169.253.255.255", "2606:4700::1111", "2001:4860:4860::8888",
    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
  ])
  func `addresses of the public Internet are public`(text: String) throws {
    #expect(try #require(IPAddress(text)).isPublic)
  }

  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
    "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::1", "3ffe::1".replacing("3ffe", with: "4000"), "fc00::1",
    "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1",
  ])
  func `special-purpose addresses are not public`(text: String) throws {
    #expect(try !#require(IPAddress(text)).isPublic)
  }

  @Test func `a target is parsed once, and only a host name has to be looked up`() {
    let named = UpstreamTarget("https://API.example.com/v1/x")
    #expect(named.name == "api.example.com")
    #expect(named.port == 443)
    #expect(named.isSecure)
    #expect(named.origin == "https://API.example.com")
    #expect(UpstreamTarget("http://lab:8081/v1").hostPort == .init(name: "lab", port: 8081))
    for literal in ["http://127.0.0.1:8080/x", "http://[::1]:80/", "http://localhost", "https://LOCALHOST:1/"] {
      #expect(UpstreamTarget(literal).name.isEmpty, "\(literal)")
    }
    #expect(UpstreamTarget("http://[::1]:8081/").port == 8081)
    #expect(UpstreamTarget("http://[::1]/").port == 80)
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.255.255.254", true), ("::1", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false),
    ("::", false), ("128.0.0.1", false), ("10.0.0.1", false), ("::ffff:10.0.0.1", false), ("::7f00:1", false),
    ("fe80::1", false), ("::2", false),
  ])
  func `only loopback addresses are reached from this machine alone`(text: String, isLoopback: Bool) throws {
    #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
  }

  @Test(arguments: [
    ("http://127.0.0.1:1", false), ("http://localhost", false), ("http://LOCALHOST", false),
    ("http://[::ffff:127.0.0.1]:1", false), ("http://10.0.0.1", false), ("http://[fe80::1]/v1", false),
    ("http://8.8.8.8", true), ("https://[2606:4700::1111]/v1", true), ("http://name.test", true),
  ])
  func `a policy of public addresses is about those in a URL too`(url: String, isAllowed: Bool) {
    #expect(UpstreamTarget(url).isAllowed(by: .publicOnly) == isAllowed)
    #expect(UpstreamTarget(url).appending("/x").isAllowed(by: .publicOnly) == isAllowed)
    #expect(UpstreamTarget(url).isAllowed(by: .any))
  }
}
