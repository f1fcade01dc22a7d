/// Constants that apply to every connection.
public enum Tuning {
  /// The number of transfers that share one curl multi handle, and its connection pool, before the next one is used.
  /// The number is smaller while there are few transfers.
  public static var transfersPerMulti: (few: Int, many: Int) {
    (CurlMultiPool.transfersPerEarlyMulti, CurlMultiPool.transfersPerMulti)
  }
}
