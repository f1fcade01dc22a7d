@testable import Gateway

/// The events or lines of a provider's stream, read from its bytes piece by piece.
struct UpstreamEvents {
  let dialect: Dialect
  private var events = SSEReader()
  private var lines = NDJSONReader()

  init(_ dialect: Dialect) { self.dialect = dialect }

  /// The data of the event that was read last, and its name.
  var last: (data: [UInt8], name: [UInt8]) {
    (dialect == .ollama ? lines.data : events.data, events.name)
  }

  /// Reads the next event, and returns false if the piece has no other.
  mutating func next(in piece: Span<UInt8>, from offset: inout Int) -> Bool {
    do throws(SSEReader.TooLong) {
      return dialect == .ollama
        ? try lines.next(in: piece, from: &offset) : try events.next(in: piece, from: &offset)
    } catch {
      fail("a short event is too long")
    }
  }
}
