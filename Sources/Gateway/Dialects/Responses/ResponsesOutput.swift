/// The items of an answer with all of their text, because the last event repeats the complete answer.
struct ResponsesOutput {
  /// The most bytes of one answer. The rest is dropped, and the answer ends like one that reached its token limit, so
  /// that all of its events agree.
  static let bytesMax = 16 * 1024 * 1024

  private(set) var items: [ResponsesItem] = []
  /// The index of the item that receives the next text or thinking.
  private(set) var open: Int?
  /// The indices of the open tool calls, by their numbers.
  private(set) var calls: [Int: Int] = [:]
  private(set) var isFull = false

  private let request: [UInt8]
  private let bytesMax: Int
  private var bytes = 0

  /// Creates an empty output. `request` is the request's ID, escaped.
  init(request: [UInt8], bytesMax: Int = Self.bytesMax) {
    self.request = request
    self.bytesMax = bytesMax
  }

  /// Returns whether the given number of bytes fits. If not, nothing is added any more.
  private mutating func fits(_ more: Int) -> Bool {
    if isFull || more > bytesMax - bytes { isFull = true }
    if !isFull { bytes += more }
    return !isFull
  }

  // MARK: Growth

  /// Adds an item and returns its index, or `nil` if it exceeds the size limit.
  private mutating func add(_ kind: ResponsesItem.Kind, _ fill: (inout ResponsesItem) -> Void) -> Int? {
    var item = ResponsesItem(kind, of: request, at: items.count)
    fill(&item)
    let held = item.text.count + item.signature.count + item.callID.count + item.name.count + item.namespace.count
    guard fits(ResponsesItem.bytesOfItself + held) else { return nil }
    items.append(item)
    return items.count - 1
  }

  /// Adds an item that grows. The previous open item must be closed.
  mutating func begin(_ kind: ResponsesItem.Kind, _ prefix: SignaturePrefix = .thinking) -> Int? {
    open = add(kind) { $0.prefix = prefix }
    return open
  }

  /// Returns whether the open item accepts more of this kind. Thinking after a signature belongs to another item.
  func takes(_ kind: ResponsesItem.Kind) -> Bool {
    guard let open else { return false }
    return items[open].kind == kind && items[open].prefix == .thinking && items[open].signature.isEmpty
  }

  /// Adds an image, which arrives complete.
  mutating func addImage(media: [UInt8], base64: [UInt8]) -> Int? {
    add(.image) { item in
      let slash = media.firstIndex(of: UInt8(ascii: "/")) ?? media.endIndex
      item.format = Array(media[slash...].dropFirst())
      item.text = base64
      item.status = .completed
    }
  }

  mutating func beginCall(_ call: Int, id: [UInt8], name: [UInt8], namespace: [UInt8]) -> Int? {
    let position = add(.toolCall) { item in
      item.callID = id
      item.name = name
      item.namespace = namespace
      // Results refer to this ID, so every call has one.
      if id.isEmpty { item.callID = Array("call_".utf8) + item.id.dropFirst(3) }
    }
    if let position { calls[call] = position }
    return position
  }

  /// Appends to an item's text and returns false if it exceeds the size limit.
  mutating func append(_ piece: EscapedText, _ json: Span<UInt8>, to position: Int) -> Bool {
    guard fits(piece.count) else { return false }
    piece.append(to: &items[position].text, from: json)
    return true
  }

  /// Adds a source to a message and returns false if it exceeds the size limit.
  mutating func annotate(_ annotation: [UInt8], at position: Int) -> Bool {
    guard fits(annotation.count) else { return false }
    if items[position].annotationCount > 0 { items[position].annotations.append(",") }
    items[position].annotations.append(contentsOf: annotation)
    items[position].annotationCount += 1
    return true
  }

  /// Adds the log probabilities of a message's tokens, unless they do not fit: a text counts more.
  mutating func add(logprobs elements: [UInt8], at position: Int) {
    guard elements.count <= bytesMax - bytes, fits(elements.count) else { return }
    TokenLogprobs.add(elements, to: &items[position].logprobs)
  }

  mutating func sign(_ piece: EscapedText, _ json: Span<UInt8>, at position: Int) {
    if fits(piece.count) { piece.append(to: &items[position].signature, from: json) }
  }

  // MARK: Ends

  /// Closes the open item and returns its index.
  mutating func close(_ status: ResponsesItem.Status = .completed) -> Int? {
    guard let position = open else { return nil }
    open = nil
    items[position].status = isFull ? .incomplete : status
    return position
  }

  /// Ends a tool call and returns its index.
  mutating func endCall(_ call: Int) -> Int? {
    guard let position = calls.removeValue(forKey: call) else { return nil }
    items[position].status = isFull ? .incomplete : .completed
    return position
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
