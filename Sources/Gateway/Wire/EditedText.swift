/// A text and the changes to it that are still to be made.
struct EditedText {
  /// A text of up to this many bytes is copied to be changed, which costs less than to keep pieces of it.
  static let copiedBytesMax = 16 * 1024

  private let text: [UInt8]
  private let edits: Splice
  /// Bytes of the changed text.
  let count: Int

  /// A text that does not change.
  init(_ text: [UInt8]) {
    self.text = text
    edits = Splice()
    count = text.count
  }

  /// A text with changes: a small one is changed at once, a large one when it is sent.
  init(_ text: [UInt8], changedBy edits: Splice) {
    if edits.isEmpty || text.count > Self.copiedBytesMax {
      self.text = text
      self.edits = edits
      count = edits.isEmpty ? text.count : edits.pieces(of: text.span).reduce(0) { $0 + $1.count }
    } else {
      self.text = edits.text(of: text.span)
      self.edits = Splice()
      count = self.text.count
    }
  }

  /// Calls `body` with the pieces of the changed text, in order.
  func forEach(_ body: (Span<UInt8>) -> Void) {
    if edits.isEmpty { return body(text.span) }
    for piece in edits.pieces(of: text.span) {
      switch piece {
      case .kept(let range): body(text.span.extracting(range))
      case .added(let bytes): body(bytes.span)
      }
    }
  }

  /// Returns the changed text.
  var joined: [UInt8] { edits.isEmpty ? text : edits.text(of: text.span) }
}
