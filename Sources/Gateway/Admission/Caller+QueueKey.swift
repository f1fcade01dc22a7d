extension Caller {
  /// Returns the key under which the queue shares slots fairly between callers.
  ///
  /// It is derived from the caller's identity, or from `address` for an anonymous caller: the bytes of the client's IP
  /// address in network order, nil if it has none. The same caller has the same key in every process.
  func queueKey(address: [UInt8]?) -> Int {
    if let id { return Int(truncatingIfNeeded: id.bits) }
    // FNV-1a, whose bits the last two steps spread.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in address ?? [] { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: hash ^ hash >> 29)
  }
}
