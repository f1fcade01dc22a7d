/// The connections that no caller with an API key has used yet, in the order in which they were accepted.
struct Strangers {
  /// Their numbers, and some of connections that are closed or known by now.
  private var numbers: [UInt64] = []

  var count: Int { numbers.count }

  /// Adds a connection that was just accepted. At most `openMax` are open, so that a cleanup removes at least half.
  mutating func append(_ connection: Connection, openMax: Int, _ open: (UInt64) -> Connection?) {
    numbers.append(connection.number)
    if numbers.count > 2 * openMax { numbers.removeAll { open($0)?.isKnown ?? true } }
  }

  /// Takes the oldest connection that still has no API key and waits for a request.
  ///
  /// - Parameter open: Returns the connection of a number; `nil` if it is closed.
  mutating func takeOldest(_ open: (UInt64) -> Connection?) -> Connection? {
    var answered: [UInt64] = []
    var taken = 0
    defer { numbers.replaceSubrange(..<taken, with: answered) }
    for number in numbers {
      taken += 1
      guard let connection = open(number), !connection.isKnown else { continue }
      if connection.phase != .response { return connection }
      answered.append(number)
    }
    return nil
  }
}
