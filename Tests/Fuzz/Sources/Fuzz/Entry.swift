@testable import Gateway
internal import Glibc

/// The fuzz targets. `HOOSH_FUZZ` in the environment selects one.
enum Target: String, CaseIterable {
  case head, fields, body, upstream, stream, json, chat, answer
  case requestOpenAI = "request-openai"
  case requestMessages = "request-anthropic"
  case requestResponses = "request-responses"
  case requestOllama = "request-ollama"
  case requestGenerate = "request-generate"
  case requestGemini = "request-gemini"
  case requestEmbeddings = "request-embeddings"
  case responseOpenAI = "response-openai"
  case responseMessages = "response-anthropic"
  case responseOllama = "response-ollama"
  case responseGemini = "response-gemini"
  case responseEmbeddings = "response-embeddings"
  case translated
  case gguf, safetensors, onnx, report

  /// The target of this process.
  static let chosen: Target = {
    let name = unsafe getenv("HOOSH_FUZZ").map { unsafe String(cString: $0) } ?? ""
    if let target = Target(rawValue: name) { return target }
    say("HOOSH_FUZZ must be one of: \(allCases.map(\.rawValue).joined(separator: " "))")
    exit(64)
  }()

  /// Runs one input. Traps if a property does not hold.
  func run(_ input: Span<UInt8>) {
    switch self {
    case .head: HeadTarget.run(input)
    case .fields: FieldsTarget.run(input)
    case .body: BodyTarget.run(input)
    case .upstream: ResponseTarget.run(input)
    case .stream: StreamTarget.run(input)
    case .json: JSONTarget.run(input)
    case .chat: ChatTarget.run(input)
    case .answer: AnswerTarget.run(input)
    case .requestOpenAI: DialectRequestTarget(call: CallEndpoint(.openAI)).run(input)
    case .requestMessages: DialectRequestTarget(call: CallEndpoint(.anthropic)).run(input)
    case .requestResponses: DialectRequestTarget(call: CallEndpoint(.responses)).run(input)
    case .requestOllama: DialectRequestTarget(call: CallEndpoint(.ollama)).run(input)
    case .requestGenerate: DialectRequestTarget(call: CallEndpoint(.ollama, form: .generate)).run(input)
    case .requestGemini: DialectRequestTarget(call: CallEndpoint(.gemini, model: .empty)).run(input)
    case .responseOpenAI: DialectResponseTarget(dialect: .openAI).run(input)
    case .responseMessages: DialectResponseTarget(dialect: .anthropic).run(input)
    case .responseOllama: DialectResponseTarget(dialect: .ollama).run(input)
    case .responseGemini: DialectResponseTarget(dialect: .gemini).run(input)
    case .translated: TranslatedTarget.run(input)
    case .requestEmbeddings: EmbeddingsTarget.request(input)
    case .responseEmbeddings: EmbeddingsTarget.response(input)
    case .gguf: ModelTarget.gguf(input)
    case .safetensors: ModelTarget.safetensors(input)
    case .onnx: ModelTarget.onnx(input)
    case .report: ReportTarget.run(input)
    }
  }
}

/// The function that libFuzzer calls with each input. The memory has exactly that size, so AddressSanitizer detects
/// reads past the end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
  Target.chosen.run(unsafe bytes.span)
  return 0
}
