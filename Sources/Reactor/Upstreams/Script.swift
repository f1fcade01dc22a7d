/// A scripted upstream: a list of steps that runs in the process, on the loop's clock.
///
/// This is the second transport, beside libcurl. The `Demo` provider uses it, and so do tests, in place of a
/// network.
public struct Script {
  /// One step of a script.
  public enum Step: Sendable {
    /// Wait for a time.
    case wait(Duration)
    /// Send a status and header lines, such as `content-type: text/event-stream`.
    case head(status: Int, fields: [String])
    /// Send body bytes.
    case bytes([UInt8])
    /// Fail the transfer.
    case fail(TransferError)
    /// Send nothing more, and never end.
    case hang
  }

  /// Returns the next step, or `nil` if the response is complete. Called once per step, when it is due.
  var next: () -> Step?

  /// Creates a script whose steps are generated when they are due.
  public init(_ next: @escaping () -> Step?) { self.next = next }

  /// Creates a script from a list of steps.
  public init(_ steps: [Step]) {
    var rest = steps[...]
    next = { rest.popFirst() }
  }
}
