internal import Reactor

extension BufferChain {
  /// A text of up to so many bytes is copied to be changed, which costs less than to keep pieces of it.
  private static let copiedBytesMax = 16 * 1024

  /// A changed text, which shares with the text as it was what is large.
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
