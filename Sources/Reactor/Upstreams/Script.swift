/// An upstream that is written down: what it does, step by step, in process and on the loop's own clock.
///
/// It is the second transport behind `Transfer`: the `Demo` provider speaks through it, and tests use it in
/// place of a network.
public struct Script {
  /// One thing that the upstream does.
  public enum Step: Sendable {
    /// Nothing, for a while.
    case wait(Duration)
    /// A status and its field lines, as in `content-type: text/event-stream`.
    case head(status: Int, fields: [String])
    /// Bytes of the body.
    case bytes([UInt8])
    /// The connection breaks.
    case fail(TransferError)
    /// Nothing more, for ever.
    case hang
  }

  /// The next step; `nil` when the response is complete. Called once per step, when it is due.
  var next: () -> Step?

  /// A script whose steps are made when they are due.
  public init(_ next: @escaping () -> Step?) { self.next = next }

  /// A script of steps known beforehand.
  public init(_ steps: [Step]) {
    var rest = steps[...]
    next = { rest.popFirst() }
  }
}
