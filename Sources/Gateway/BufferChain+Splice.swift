internal import Reactor

extension BufferChain {
  /// Bytes of the longest text that is copied, which costs less than pieces of it.
  private static let copiedBytesMax = 16 * 1024

  /// A changed text, which shares the unchanged ranges of a long text.
  init(_ text: [UInt8], changedBy edits: Splice) {
    if edits.isEmpty {
      self.init(text)
    } else if text.count <= Self.copiedBytesMax {
      self.init(edits.text(of: text.span))
    } else {
      self.init()
      for piece in edits.pieces(of: text.span) {
        switch piece {
        case .kept(let range): append(text, range)
        case .added(let bytes): append(bytes)
        }
      }
    }
  }
}
