/// A policy for the addresses that an upstream connection may use.
public enum AddressPolicy: Sendable {
  /// All addresses.
  case any
  /// Addresses of the public Internet only, so that a host name cannot refer to this machine or its network.
  case publicOnly

  /// Returns whether the policy allows an address.
  func allows(_ address: IPAddress) -> Bool { self == .any || address.isPublic }
}
