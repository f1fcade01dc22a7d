/// The items of an answer in this dialect, with all that was said: its last event tells everything once more.
struct ResponsesOutput {
  /// Bytes that one answer may have. What comes after them is neither kept nor told, and the answer ends as one that
  /// was cut by the limit of its tokens, so that all of its events say the same.
  static let bytesMax = 16 * 1024 * 1024

  private(set) var items: [ResponsesItem] = []
  /// The place of the item that takes the next piece of text or thinking.
  private(set) var open: Int?
  /// Places of the calls that were begun and have not ended, by their numbers.
  private(set) var calls: [Int: Int] = [:]
  private(set) var isFull = false

  private let request: [UInt8]
  private let bytesMax: Int
  private var bytes = 0

  /// `request` is the request's id, escaped.
  init(request: [UInt8], bytesMax: Int = Self.bytesMax) {
    self.request = request
    self.bytesMax = bytesMax
  }

  /// False, and nothing is taken any more, where so many bytes more are too many.
  private mutating func hasRoom(_ more: Int) -> Bool {
    if isFull || more > bytesMax - bytes { isFull = true }
    if !isFull { bytes += more }
    return !isFull
  }

  // MARK: Growth

  /// Adds an item; its place, or `nil` where there is no room.
  private mutating func add(_ kind: ResponsesItem.Kind, _ fill: (inout ResponsesItem) -> Void) -> Int? {
    var item = ResponsesItem(kind, of: request, at: items.count)
    fill(&item)
    let held = item.text.count + item.signature.count + item.callID.count + item.name.count + item.namespace.count
    guard hasRoom(ResponsesItem.bytesOfItself + held) else { return nil }
    items.append(item)
    return items.count - 1
  }

  /// Adds an item that takes pieces; the one that was open must have been closed.
  mutating func begin(_ kind: ResponsesItem.Kind, _ seal: SignaturePrefix = .thinking) -> Int? {
    open = add(kind) { $0.seal = seal }
    return open
  }

  /// Whether the open item takes more of this kind: behind its signature, thinking is another's.
  func takes(_ kind: ResponsesItem.Kind) -> Bool {
    guard let open else { return false }
    return items[open].kind == kind && items[open].seal == .thinking && items[open].signature.isEmpty
  }

  /// Adds a picture, which comes whole.
  mutating func addImage(media: [UInt8], base64: [UInt8]) -> Int? {
    add(.image) { item in
      let slash = media.firstIndex(of: UInt8(ascii: "/")) ?? media.endIndex
      item.format = Array(media[slash...].dropFirst())
      item.text = base64
      item.status = .completed
    }
  }

  mutating func beginCall(_ call: Int, id: [UInt8], name: [UInt8], namespace: [UInt8]) -> Int? {
    let place = add(.toolCall) { item in
      item.callID = id
      item.name = name
      item.namespace = namespace
      // A result is told by it, so a call has one.
      if id.isEmpty { item.callID = Array("call_".utf8) + item.id.dropFirst(3) }
    }
    if let place { calls[call] = place }
    return place
  }

  /// Appends a piece to an item's text; false where there is no room.
  mutating func append(_ piece: EscapedText, _ json: Span<UInt8>, to place: Int) -> Bool {
    guard hasRoom(piece.count) else { return false }
    piece.append(to: &items[place].text, from: json)
    return true
  }

  mutating func sign(_ piece: EscapedText, _ json: Span<UInt8>, at place: Int) {
    if hasRoom(piece.count) { piece.append(to: &items[place].signature, from: json) }
  }

  // MARK: Ends

  /// Closes the open item; its place.
  mutating func close(_ status: ResponsesItem.Status = .completed) -> Int? {
    guard let place = open else { return nil }
    open = nil
    items[place].status = isFull ? .incomplete : status
    return place
  }

  /// Ends a call; its place.
  mutating func endCall(_ call: Int) -> Int? {
    guard let place = calls.removeValue(forKey: call) else { return nil }
    items[place].status = isFull ? .incomplete : .completed
    return place
  }

  /// Appends the items as an array.
  func append(to out: inout [UInt8]) {
    out.append("[")
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(",") }
      item.append(to: &out)
    }
    out.append("]")
  }
}
