import Testing

@testable import Reactor

@Suite struct TokenTests {
  @Test(arguments: [
    (Token.Kind.listener, UInt32(0), UInt32(0)), (.client, 1, 7), (.upstream, 0xFF_FFFF, .max),
    (.signals, 5, 0), (.mailbox, 0, 0x8000_0000),
  ])
  func `a token returns its parts`(kind: Token.Kind, generation: UInt32, number: UInt32) {
    let token = Token(bits: Token(kind, generation: generation, number: number).bits)
    #expect(token.kind == kind)
    #expect(token.generation == generation)
    #expect(token.number == number)
  }

  @Test func `a generation beyond 24 bits does not affect the kind`() {
    let token = Token(.listener, generation: 0xAB00_0001, number: 3)
    #expect(token.kind == .listener)
    #expect(token.generation == 1)
    #expect(token.number == 3)
  }

  @Test func `unknown bits have no kind`() { #expect(Token(bits: .max).kind == nil) }
}
