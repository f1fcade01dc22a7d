/// Numbers that shape every connection.
public enum Tuning {
  /// Idle and busy upstream connections that libcurl keeps, all hosts together.
  ///
  /// It must lie above the peak: below it libcurl closes the oldest idle connection at the end of each transfer.
  public static var upstreamConnectionsMax: Int { 16_384 }
}
