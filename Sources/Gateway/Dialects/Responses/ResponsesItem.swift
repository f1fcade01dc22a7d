/// An item of a response's output: a message, thinking, a tool call, or an image. Texts are escaped.
struct ResponsesItem {
  enum Kind {
    case message
    /// A message that consists of a refusal.
    case refusal
    case reasoning, toolCall, image
  }

  enum Status {
    case inProgress, completed, incomplete

    var text: StaticString {
      switch self {
      case .inProgress: "in_progress"
      case .completed: "completed"
      case .incomplete: "incomplete"
      }
    }
  }

  let kind: Kind
  let id: [UInt8]
  var status = Status.inProgress
  /// The text, the thinking, a tool call's arguments, or an image in base64.
  var text: [UInt8] = []
  /// For a message: the elements of the lists of its sources and of its tokens' log probabilities.
  var annotations: [UInt8] = []
  var annotationCount = 0
  var logprobs: [UInt8] = []
  /// For reasoning: the prefix of `encrypted_content`, and the signature.
  var prefix = SignaturePrefix.thinking
  var signature: [UInt8] = []
  /// For a tool call: its ID and the function's name.
  var callID: [UInt8] = []
  var name: [UInt8] = []
  var namespace: [UInt8] = []
  /// For an image: the part of its media type after the slash.
  var format: [UInt8] = []

  /// Creates an item. Its ID is derived from the request's ID and the item's position in the output.
  init(_ kind: Kind, of request: [UInt8], at index: Int) {
    self.kind = kind
    var id: [UInt8] = []
    switch kind {
    case .message, .refusal: id.append("msg_")
    case .reasoning: id.append("rs_")
    case .toolCall: id.append("fc_")
    case .image: id.append("ig_")
    }
    id += request
    id.append("_")
    id.append(decimal: index)
    self.id = id
  }

  /// The size of an item without its texts, in bytes.
  static let bytesOfItself = 256

  // MARK: JSON

  /// Appends the item as an object.
  func append(to out: inout [UInt8]) {
    out.append("{")
    Self.member("id", id, to: &out)
    switch kind {
    case .message, .refusal:
      out.append(",\"type\":\"message\",\"status\":\"")
      out.append(status.text)
      out.append("\",\"role\":\"assistant\",\"content\":[")
      // The part has its own event after the item's.
      if status != .inProgress, !text.isEmpty { appendPart(text, isComplete: true, to: &out) }
      out.append("]")
    case .reasoning:
      out.append(",\"type\":\"reasoning\",\"summary\":[")
      if status != .inProgress, !text.isEmpty { appendPart(text, to: &out) }
      out.append("]")
      if !signature.isEmpty {
        out.append(",\"encrypted_content\":\"")
        out.append(prefix.text)
        out += signature
        out.append("\"")
      }
    case .toolCall:
      out.append(",\"type\":\"function_call\",\"status\":\"")
      out.append(status.text)
      out.append("\"")
      Self.member("call_id", callID, to: &out)
      Self.member("name", name, to: &out)
      if !namespace.isEmpty { Self.member("namespace", namespace, to: &out) }
      Self.member("arguments", text, to: &out)
    case .image:
      out.append(",\"type\":\"image_generation_call\",\"status\":\"")
      out.append(status.text)
      out.append("\"")
      if !format.isEmpty { Self.member("output_format", format, to: &out) }
      if text.isEmpty {
        Writer.member("result", raw: "null".utf8.span, to: &out)
      } else {
        Self.member("result", text, to: &out)
      }
    }
    out.append("}")
  }

  /// Appends the part that contains a message's or a reasoning item's text.
  func appendPart(_ text: [UInt8], isComplete: Bool = false, to out: inout [UInt8]) {
    switch kind {
    case .reasoning: out.append("{\"type\":\"summary_text\"")
    case .refusal: out.append("{\"type\":\"refusal\"")
    case .message, .toolCall, .image:
      out.append("{\"type\":\"output_text\",\"annotations\":[")
      if isComplete { out.append(contentsOf: annotations) }
      out.append("]")
      appendLogprobs(isComplete ? logprobs : [], to: &out)
    }
    Self.member(kind == .refusal ? "refusal" : "text", text, to: &out)
    out.append("}")
  }

  /// Appends the list of log probabilities, which every text has.
  func appendLogprobs(_ elements: [UInt8], to out: inout [UInt8]) {
    out.append(",\"logprobs\":[")
    out.append(contentsOf: elements)
    out.append("]")
  }

  /// Appends a member with escaped text.
  static func member(_ name: StaticString, _ escaped: [UInt8], to out: inout [UInt8]) {
    Writer.key(name, to: &out)
    out.append("\"")
    out += escaped
    out.append("\"")
  }
}
