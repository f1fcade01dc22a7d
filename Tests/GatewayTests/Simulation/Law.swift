/// The invariants of client connections, of routing, and of reloads. Each raw value is a sentence about the gateway.
enum Law: String, CaseIterable {
  case wellFormed = "every byte that a client gets belongs to a well-formed response"
  case inOrder = "responses come in the order of their requests, one for each"
  case rightStatus = "a response's status is one that its request can have"
  case answered = "a client that sends a whole request and stays gets its response whole"
  case streamEnd = "a stream ends with [DONE] and its last chunk, or with one error event and a break, never both"
  case nothingAfter = "nothing comes after the end"
  case oneOwner = "a running transfer belongs to one running exchange, to the list of models, or to its last bytes"
  case sameCount = "the reactor and the gateway agree on the number of transfers"
  case lastBytes = "a transfer outlives its request by no more than the time for last bytes"
  case goneSoon = "a connection that the gateway let go of leaves the reactor within its last chances"
  case outputBound = "what waits for a client stays within the mark and one piece of a stream"
  case bodiesBound = "the bodies in memory stay within their ceiling"
  case memoryAccount = "what is held for clients and providers is what is counted"
  case fewDeadlines = "there are no more deadlines than things that may have one"
  case timeMoves = "every request that waits has a deadline"
  case progress = "the loop comes to rest before time goes on"
  case oneRow = "a request that was answered or worked for has one row, as its client saw it"
  case held = "an exchange that runs holds what it may cost, and no other does"
  case stops = "a gateway that was told to stop is over in time"
  case empty = "nothing remains after all clients have left"
  // Routing and reloads.
  case owned =
    "no prompt reaches a provider that neither lists the model, nor is named for it, nor has a pattern for it"
  case pinned = "a pin is never left for another provider"
  case found = "a listed model gets no 404 from a provider that does not list it while one that lists it is up"
  case protected = "no sequence of reloads weakens the protection without an explicit opening"
  case keptHere = "a model of this machine reaches no other machine, unless the configuration says so"
  case served = "a model that is listed or named has all of its providers"
}

/// A law that did not hold, and how.
struct Breach: Error, CustomStringConvertible {
  let law: Law
  let detail: String

  init(_ law: Law, _ detail: String) {
    self.law = law
    self.detail = detail
  }

  var description: String { "not so: \(law.rawValue)\n  \(detail)" }
}

/// How a life ended, seen from its client.
enum Outcome: String, CaseIterable {
  case answered
  case streamed
  case brokenOff = "broken off"
  case refused
  case failed
  case late = "too late"
  case overloaded
  case stopped
  /// The client left before its end.
  case left
  /// The client's own last byte came before its request's.
  case unfinished
  /// The gateway gave up a client that does not read.
  case cutOff = "cut off"
  /// It was sent on a connection that the gateway was closing or had closed.
  case unheard
}
