/// The callers behind a provider's recent results.
///
/// A prompt that breaks a server is the fault of its caller. So failures count against the provider only if requests of
/// several callers fail, or if no other caller gets an answer.
struct RecentCallers: Sendable {
  /// The last two callers of a kind. Two are enough to know another one than a given caller.
  private struct LastTwo: Sendable {
    private var newest: (caller: Int, time: Duration)?
    private var other: (caller: Int, time: Duration)?

    mutating func note(_ caller: Int, at now: Duration) {
      if let newest, newest.caller != caller { other = newest }
      newest = (caller, now)
    }

    mutating func remove(_ caller: Int) {
      if let other, other.caller == caller { self.other = nil }
      guard let newest, newest.caller == caller else { return }
      self.newest = other
      other = nil
    }

    func has(_ caller: Int, since time: Duration) -> Bool {
      [newest, other].contains { $0.map { $0.caller == caller && $0.time >= time } ?? false }
    }

    func hasOther(than caller: Int, since time: Duration) -> Bool {
      [newest, other].contains { $0.map { $0.caller != caller && $0.time >= time } ?? false }
    }
  }

  private let window: Duration
  /// Callers whose last request failed.
  private var failing = LastTwo()
  private var answered = LastTwo()

  init(for window: Duration) { self.window = window }

  /// A request of a caller was answered.
  mutating func succeeded(_ caller: Int, at now: Duration) {
    failing.remove(caller)
    answered.note(caller, at: now)
  }

  /// A request of a caller failed.
  mutating func failed(_ caller: Int, at now: Duration) { failing.note(caller, at: now) }

  /// Returns whether the failure of a caller's request may be the provider's fault.
  func blameProvider(_ caller: Int, at now: Duration) -> Bool {
    failing.hasOther(than: caller, since: now - window) || !answered.hasOther(than: caller, since: now - window)
  }

  /// Returns whether a caller's last request failed recently.
  func isFailing(_ caller: Int, at now: Duration) -> Bool { failing.has(caller, since: now - window) }
}
