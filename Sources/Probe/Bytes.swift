/// Amounts of memory as text.
public enum Bytes {
  /// Returns an amount in binary units with one decimal place, as in `7.4 GiB`.
  public static func text(_ count: Int) -> String {
    for (unit, size) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where count >= size
    {
      let tenths = Int((Double(count) / Double(size) * 10).rounded())
      return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(count) B"
  }
}
