/// Who asks: decided once, by the credential, before anything is read of the body.
enum Caller: Equatable, Sendable {
  /// No key is configured, so everybody who can connect may ask.
  case anyone
  /// The holder of a configured key, by its place in the list.
  case key(Int)

  /// The word that stands for the caller in the journal.
  var name: String {
    switch self {
    case .anyone: "anyone"
    case .key(let index): "key-\(index + 1)"
    }
  }
}
