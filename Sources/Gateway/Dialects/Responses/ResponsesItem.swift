/// An item of a response's output: a message, what was thought, a call or a picture. Texts are escaped.
struct ResponsesItem {
  enum Kind { case message, reasoning, toolCall, image }

  enum Status {
    case inProgress, completed, incomplete

    var word: StaticString {
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
  /// What is said or thought, a call's arguments, or a picture's bytes in base64.
  var text: [UInt8] = []
  /// Of reasoning: what `encrypted_content` begins with, and the signature.
  var seal = SignaturePrefix.thinking
  var signature: [UInt8] = []
  /// Of a call: its id, and the function's name.
  var callID: [UInt8] = []
  var name: [UInt8] = []
  var namespace: [UInt8] = []
  /// Of a picture: what is behind the slash of its type.
  var format: [UInt8] = []

  /// An item of the given kind, whose id is made of the request's and of its place in the output.
  init(_ kind: Kind, of request: [UInt8], at index: Int) {
    self.kind = kind
    var id: [UInt8] = []
    switch kind {
    case .message: id.append("msg_")
    case .reasoning: id.append("rs_")
    case .toolCall: id.append("fc_")
    case .image: id.append("ig_")
    }
    id += request
    id.append("_")
    id.append(decimal: index)
    self.id = id
  }

  /// Bytes that it holds, its own included.
  static let bytesOfItself = 256

  // MARK: JSON

  /// Appends it as an object.
  func append(to out: inout [UInt8]) {
    out.append("{")
    Self.member("id", id, to: &out)
    switch kind {
    case .message:
      out.append(",\"type\":\"message\",\"status\":\"")
      out.append(status.word)
      out.append("\",\"role\":\"assistant\",\"content\":[")
      // Its one part is told of after the item itself.
      if status != .inProgress, !text.isEmpty { appendPart(text, to: &out) }
      out.append("]")
    case .reasoning:
      out.append(",\"type\":\"reasoning\",\"summary\":[")
      if status != .inProgress, !text.isEmpty { appendPart(text, to: &out) }
      out.append("]")
      if !signature.isEmpty {
        out.append(",\"encrypted_content\":\"")
        out.append(seal.prefix)
        out += signature
        out.append("\"")
      }
    case .toolCall:
      out.append(",\"type\":\"function_call\",\"status\":\"")
      out.append(status.word)
      out.append("\"")
      Self.member("call_id", callID, to: &out)
      Self.member("name", name, to: &out)
      if !namespace.isEmpty { Self.member("namespace", namespace, to: &out) }
      Self.member("arguments", text, to: &out)
    case .image:
      out.append(",\"type\":\"image_generation_call\",\"status\":\"")
      out.append(status.word)
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

  /// Appends the part that a message's or a reasoning item's text is in.
  func appendPart(_ text: [UInt8], to out: inout [UInt8]) {
    if kind == .reasoning {
      out.append("{\"type\":\"summary_text\"")
    } else {
      out.append("{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[]")
    }
    Self.member("text", text, to: &out)
    out.append("}")
  }

  /// Appends a member whose value is a text that is escaped already.
  static func member(_ name: StaticString, _ escaped: [UInt8], to out: inout [UInt8]) {
    Writer.key(name, to: &out)
    out.append("\"")
    out += escaped
    out.append("\"")
  }
}
