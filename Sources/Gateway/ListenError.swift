public import Reactor

/// The reason why a gateway cannot listen.
public enum ListenError: Error {
  case system(SystemError)
  /// Other machines can reach the address, and callers need no key.
  case unprotected(String)
}
