import Testing

@testable import Gateway

/// Large events of a stream are translated on a thread; what comes meanwhile waits for them.
@Suite struct LargeEventTests {
  private static let large = String(repeating: "a", count: Exchange.inlineEventBytesMax)

  /// An exchange whose stream has begun with a large event that is being translated.
  private static func life(after first: String = "", providers: Int = 1) throws -> Life {
    let life = try Life(providers: providers)
    life.delaysTranslation = true
    life.respond()
    life.arrive(Say.role + first + Say.text(large))
    #expect(life.exchange.isTranslating)
    return life
  }

  @Test(arguments: ["", Say.text("before ")])
  func `the end of the transfer waits for a large event`(first: String) throws {
    let life = try Self.life(after: first)
    life.finish(rest: Say.text(" and after") + Say.stop + Say.done)
    #expect(life.end == nil)
    #expect(life.exchange.heldBytes > Self.large.utf8.count)
    life.translate()
    #expect(life.end == .complete)
    #expect(life.text.contains(Self.large))
    #expect(life.text.contains(" and after"))
    #expect(life.received != nil)
    #expect(life.exchange.heldBytes < 100)
  }

  @Test func `several large events come one after the other, also behind the end of the transfer`() throws {
    let life = try Self.life()
    life.finish(
      rest: Say.text("b" + Self.large) + Say.text("between") + Say.text("d" + Self.large) + Say.stop + Say.done)
    for _ in 0..<3 {
      #expect(life.end == nil)
      life.translate()
    }
    #expect(life.end == .complete)
    let places = ["b" + Self.large, "between", "d" + Self.large].map { life.text.firstRange(of: $0)?.lowerBound }
    #expect(!places.contains(nil))
    #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
  }

  @Test func `a large event without its empty line is the last one if the body ends there`() throws {
    let life = try Life(providers: 1)
    life.delaysTranslation = true
    life.respond()
    life.arrive(Say.role + Say.stop)
    life.finish(rest: "data: " + String(Say.text(Self.large).dropFirst(6).dropLast(2)))
    #expect(life.end == nil)
    life.translate()
    #expect(life.end == .complete)
    #expect(life.text.contains(Self.large))
  }

  @Test func `a transfer that breaks behind a large event breaks the stream off, once the event is sent`() throws {
    let life = try Self.life()
    life.finish(.connectionLost)
    #expect(life.end == nil)
    life.translate()
    #expect(life.end == .abort)
    #expect(life.text.contains(Self.large))
    #expect(!life.text.contains("[DONE]"))
  }

  @Test func `a large event that cannot be read goes to the next candidate before visible output`() throws {
    let life = try Life(providers: 2)
    life.delaysTranslation = true
    life.respond()
    life.arrive("data: {\"choices\":" + Self.large + "\n\n")
    #expect(life.exchange.isTranslating)
    life.finish(rest: Say.done)
    life.translate()
    #expect(life.attempts == [0, 1])
    life.respond()
    life.arrive(Say.role + Say.text("hello") + Say.stop + Say.done)
    #expect(life.end == .complete)
    #expect(!life.text.contains(Self.large))
  }

  @Test func `no timeout of the upstream runs while a large event is translated, and comments go on`() throws {
    let life = try Self.life(after: Say.text("before "))
    let sent = life.text.utf8.count
    for _ in 0..<100 { life.waitForAlarm() }
    #expect(life.end == nil)
    #expect(life.text.dropFirst(sent).contains(": keep-alive"))
    life.translate()
    life.arrive(Say.stop + Say.done)
    #expect(life.end == .complete)
  }

  @Test func `a client that leaves and a stop end an exchange whose event is being translated`() throws {
    let left = try Self.life()
    left.act { exchange, _, _ in exchange.cancel() }
    #expect(left.row.outcome == .clientClosed)
    let stopped = try Self.life(after: Say.text("before "))
    stopped.act { exchange, effects, _ in exchange.stop(&effects) }
    #expect(stopped.end == .abort)
    #expect(!stopped.isHaunted)
  }
}
