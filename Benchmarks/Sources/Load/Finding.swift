import CLoad

/// Returns the index of a text in bytes.
extension UnsafeRawBufferPointer {
  func position(of text: StaticString) -> Int? {
    guard let baseAddress else { return nil }
    let place = load_find(baseAddress, count, text.utf8Start, text.utf8CodeUnitCount)
    return place < 0 ? nil : place
  }
}
