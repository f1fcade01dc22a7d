internal import Reactor

extension BufferChain {
  /// A changed text, which shares the unchanged ranges of a long text.
  init(_ text: [UInt8], changedBy edits: Splice) {
    if edits.isEmpty {
      self.init(text)
    } else if text.count <= EditedText.copiedBytesMax {
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
