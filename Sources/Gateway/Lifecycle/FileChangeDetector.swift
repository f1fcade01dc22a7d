internal import Reactor

/// Decides from a file's stamps when the file has changed: once it stays the same from one stamp to the next.
struct FileChangeDetector {
  enum Change {
    case none
    /// The file is not the same as at the last stamp, and may still be written to.
    case unsettled
    case changed
  }

  /// The stamp at the start, or of the last change.
  private var known: FileWatch.Stamp?
  private var last: FileWatch.Stamp?

  init(_ first: FileWatch.Stamp?) {
    known = first
    last = first
  }

  /// Takes the next stamp.
  mutating func take(_ now: FileWatch.Stamp?) -> Change {
    defer { last = now }
    if now != last { return .unsettled }
    if now == nil || now == known { return .none }
    known = now
    return .changed
  }
}
