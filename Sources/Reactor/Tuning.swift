/// Numbers that shape every connection.
public enum Tuning {
  /// Transfers that share one of libcurl's multi handles, and its pool of connections, before the next is opened.
  /// Few of them while there are few transfers, more when there are many.
  public static var transfersPerMulti: (few: Int, many: Int) {
    (CurlMultiPool.transfersPerEarlyMulti, CurlMultiPool.transfersPerMulti)
  }
}
