import Testing

@testable import Reactor

@Suite struct MailboxTests {
  @Test func `values are taken in order, once`() throws {
    let mailbox = try Mailbox<Int>(weightMax: 10)
    for value in 0..<5 { #expect(mailbox.post(value)) }
    #expect(mailbox.take() == [0, 1, 2, 3, 4])
    #expect(mailbox.take() == [])
  }

  @Test func `values that do not fit are dropped and counted, and taking makes space again`() throws {
    let mailbox = try Mailbox<Int>(weightMax: 10)
    #expect(mailbox.post(1, weight: 9))
    #expect(!mailbox.post(2, weight: 2))
    #expect(mailbox.post(3, weight: 1))
    #expect(!mailbox.post(4))
    #expect(mailbox.post(5, weight: 0))
    #expect(mailbox.dropped == 2)
    #expect(mailbox.take() == [1, 3, 5])
    #expect(mailbox.post(6, weight: 10))
    #expect(mailbox.dropped == 2)
  }

  @Test func `another thread wakes a sleeping loop`() throws {
    let reactor = try Reactor()
    let mailbox = try Mailbox<Int>(weightMax: 1000)
    try reactor.watch(mailbox)
    try Worker.start { for value in 0..<100 { mailbox.post(value) } }
    var taken: [Int] = []
    let end = ContinuousClock.now + .seconds(5)
    while taken.count < 100, ContinuousClock.now < end {
      for case .mailboxReady in reactor.turn(atMost: .seconds(5)) { taken += mailbox.take() }
    }
    #expect(taken == Array(0..<100))
    #expect(reactor.turn(atMost: .milliseconds(5)).isEmpty)
  }

  @Test func `a waiting thread receives every value in order`() throws {
    let questions = try Mailbox<Int>(weightMax: 100_000, blocking: true)
    let answers = try Mailbox<Int>(weightMax: 100_000, blocking: true)
    try Worker.start {
      var seen = 0
      while seen < 10_000 {
        questions.wait()
        for value in questions.take() {
          answers.post(value * 2)
          seen += 1
        }
      }
    }
    for value in 0..<10_000 { #expect(questions.post(value)) }
    var taken: [Int] = []
    while taken.count < 10_000 {
      answers.wait()
      taken += answers.take()
    }
    #expect(taken == (0..<10_000).map { $0 * 2 })
  }

  @Test func `values posted by many threads are neither lost nor counted twice`() throws {
    let mailbox = try Mailbox<Int>(weightMax: 1500, blocking: true)
    let done = try Mailbox<Int>(weightMax: 10, blocking: true)
    for thread in 0..<4 {
      try Worker.start {
        var posted = 0
        for value in 0..<500 where mailbox.post(thread * 1000 + value) { posted += 1 }
        done.post(posted)
      }
    }
    var accepted: [Int] = []
    while accepted.count < 4 {
      done.wait()
      accepted += done.take()
    }
    #expect(mailbox.dropped == 500)
    let taken = mailbox.take()
    #expect(taken.count == accepted.reduce(0, +))
    #expect(Set(taken).count == 1500)
    for thread in 0..<4 {
      let own = taken.filter { $0 / 1000 == thread }
      #expect(own == own.sorted())
    }
  }
}
