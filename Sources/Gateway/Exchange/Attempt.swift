/// One request to one candidate, with everything that must be released when it ends: its slot, its hold and its
/// transfer.
///
/// It cannot be copied, so it is released once: by `Relay`, which takes it out of its fetch.
struct Attempt: ~Copyable {
  /// The candidate, its slot, and the API key.
  let selection: Selection
  /// The reserved cost.
  let hold: Admission.Hold
  /// The transfer's number; `nil` before it started and once it ended.
  var transfer: UInt64?
  /// Bytes of the request, if it is a translation of the caller's.
  var translatedBytes = 0

  init(_ selection: Selection, _ hold: Admission.Hold) {
    self.selection = selection
    self.hold = hold
  }
}

/// How an attempt ended, as far as it says something about its provider.
struct AttemptResult: Equatable {
  var outcome: ProviderHealth.Outcome
  /// From the request to its first event, if one came.
  var firstEvent: Duration?
}
