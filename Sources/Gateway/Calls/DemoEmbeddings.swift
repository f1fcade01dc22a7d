internal import Digest

/// The embeddings of the demo provider: for each input a unit vector that is made of its SHA-256 and says nothing about its
/// meaning. Equal inputs have equal vectors.
enum DemoEmbeddings {
  static let dimensionsDefault = 256
  /// The limit of dimensions, by which the largest request has an answer below `EmbeddingsAnswer.bytesMax`.
  static let dimensionsMax = 1024

  /// Returns an answer in OpenAI's dialect, and its status; `json` is the body of the request.
  static func answer(
    _ request: EmbeddingsRequest, _ json: Span<UInt8>, model: String
  ) -> (status: Int, body: [UInt8]) {
    var out: [UInt8] = []
    let dimensions = request.dimensions.map { Int($0) } ?? dimensionsDefault
    guard dimensions <= dimensionsMax else {
      out.append(
        "{\"error\":{\"message\":\"The demo provider's embeddings have at most \(dimensionsMax) dimensions.\",\"type\":\"invalid_request_error\",\"param\":\"dimensions\",\"code\":\"invalid_value\"}}"
      )
      return (400, out)
    }
    var bytes = 0
    out.append("{\"object\":\"list\",\"data\":[")
    for (index, input) in request.inputs.enumerated() {
      let text =
        switch input {
        case .text(let text): text.unescaped(in: json)
        case .tokens(let slice): Array(json.bytes(slice).text.utf8)
        case .media: [UInt8]()
        }
      bytes += text.count
      Writer.separate(&out)
      out.append("{\"object\":\"embedding\",\"index\":")
      out.append(decimal: index)
      out.append(",\"embedding\":[")
      for number in vector(of: text.span, dimensions) {
        Writer.separate(&out)
        out.append(number.description)
      }
      out.append("]}")
    }
    let tokens = Usage.estimated(promptBytes: bytes, completionBytes: 0).prompt
    out.append("],")
    out.append("\"model\":")
    Writer.append(model, to: &out)
    out.append(",\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}")
    return (200, out)
  }

  /// Returns numbers from -1 to 1, drawn from the digest and scaled to length 1.
  static func vector(of text: Span<UInt8>, _ dimensions: Int) -> [Float] {
    let digest = SHA256.hash(text)
    var seed: UInt64 = 0
    for index in 0..<8 { seed = seed << 8 | UInt64(digest.bytes[index]) }
    var random = SplitMix(state: seed)
    var numbers: [Double] = []
    var squares = 0.0
    for _ in 0..<dimensions {
      // 53 bits are a whole number that a `Double` holds.
      let number = Double(random.next() >> 11) * 0x1p-52 - 1
      numbers.append(number)
      squares += number * number
    }
    let length = max(squares.squareRoot(), .leastNormalMagnitude)
    return numbers.map { Float($0 / length) }
  }
}
