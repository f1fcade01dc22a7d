import Glibc
import Testing

@testable import Reactor
@testable import Support

/// Tests that need a process of their own.
@Suite struct UpstreamProcessTests {
  @Test func `proxies of the environment are ignored`() async {
    await #expect(processExitsWith: .success) {
      for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        setenv(name, "http://127.0.0.1:1", 1)
      }
      unsetenv("no_proxy")
      let loop = try Loop()
      let upstream = loop.add(RawUpstream([.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]))
      let fetched = loop.fetch(UpstreamRequest(.get, upstream.url))
      guard fetched.end == .complete, upstream.requests.first?.target == "/v1/chat" else { exit(3) }
    }
  }

  @Test func `no descriptor is left after clients, transfers, and reactors are gone`() async {
    await #expect(processExitsWith: .success) {
      func round() throws {
        let loop = try Loop()
        let upstream = loop.add(
          RawUpstream { index in
            switch index % 4 {
            case 0: [.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]
            case 1: [.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"), .finish]
            case 2: [.reset]
            default: [.send("not HTTP at all"), .finish]
            }
          })
        for _ in 0..<8 { _ = loop.fetch(UpstreamRequest(.get, upstream.url)) }
        loop.reactor.cancel(loop.reactor.start(UpstreamRequest(.get, upstream.url)))
        _ = loop.reactor.start(UpstreamRequest(.get, upstream.url))
        for index in 0..<8 {
          let (peer, client) = try loop.connect()
          switch index % 4 {
          case 0: peer.reset()
          case 1: loop.reactor.close(client)
          case 2: loop.reactor.reset(client)
          default: loop.reactor.send([1, 2, 3].span, to: client)
          }
        }
        let mailbox = try Mailbox<Int>(weightMax: 1)
        try loop.reactor.watch(mailbox)
        loop.run(for: .milliseconds(20))
      }
      // The first round opens descriptors that the process keeps.
      try round()
      let before = descriptorCount()
      for _ in 0..<5 { try round() }
      // Other threads may still be closing descriptors.
      let end = ContinuousClock.now + .seconds(10)
      while descriptorCount() != before, ContinuousClock.now < end { usleep(1000) }
      guard descriptorCount() == before else { exit(CInt(3 + descriptorCount() - before)) }
    }
  }
}

/// Descriptors are limited per process, so a test that exhausts them needs its own.
@Suite struct ExhaustionTests {
  @Test
  func `without descriptors a client receives an error, the loop does not spin, and later clients are accepted`()
    async
  {
    await #expect(processExitsWith: .success) {
      let loop = try Loop()
      loop.reactor.exhaustedReply = Array("no room".utf8)
      // The kernel has connected these clients, but the reactor has not accepted them.
      let peers = (0..<20).map { _ in loop.dial() }
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let usual = limit.rlim_cur
      let highest = (0..<4096).last { fcntl($0, F_GETFD) >= 0 } ?? 0
      // Numbers below it that are free would be given to clients, too.
      while true {
        let filler = dup(STDERR_FILENO)
        if filler > highest || filler < 0 {
          close(filler)
          break
        }
      }
      limit.rlim_cur = rlim_t(highest + 4)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      loop.run(for: .milliseconds(250))
      let taken = loop.accepted.count
      guard taken < 20, taken > 0 else { exit(3) }
      guard peers.count(where: { $0.text == "no room" && $0.hasEnded }) == 20 - taken else { exit(4) }
      let turns = loop.turns
      loop.run(for: .milliseconds(250))
      guard loop.turns - turns < 600 else { exit(5) }
      limit.rlim_cur = usual
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let late = loop.dial()
      guard loop.run(upTo: .seconds(2), until: { loop.accepted.count == taken + 1 }) else { exit(6) }
      withExtendedLifetime((peers, late)) {}
    }
  }
}

private func descriptorCount() -> Int { (0..<4096).count { fcntl($0, F_GETFD) >= 0 } }
