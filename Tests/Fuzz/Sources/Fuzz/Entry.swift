@testable import Gateway
internal import Glibc

/// What is fuzzed; `HOOSH_FUZZ` in the environment names one.
enum Target: String, CaseIterable {
  case head, pieces, body, stream, json, chat, answer
  case askOpenAI = "ask-openai"
  case askMessages = "ask-anthropic"
  case askResponses = "ask-responses"
  case askOllama = "ask-ollama"
  case askGenerate = "ask-generate"
  case askGemini = "ask-gemini"
  case tellOpenAI = "tell-openai"
  case tellMessages = "tell-anthropic"
  case tellOllama = "tell-ollama"
  case tellGemini = "tell-gemini"
  case gguf, safetensors, onnx, report

  /// The one that this process runs.
  static let chosen: Target = {
    let name = unsafe getenv("HOOSH_FUZZ").map { unsafe String(cString: $0) } ?? ""
    if let target = Target(rawValue: name) { return target }
    say("HOOSH_FUZZ must be one of: \(allCases.map(\.rawValue).joined(separator: " "))")
    exit(64)
  }()

  /// Runs one input; traps when a property does not hold.
  func run(_ input: Span<UInt8>) {
    switch self {
    case .head: HeadTarget.run(input)
    case .pieces: PiecesTarget.run(input)
    case .body: BodyTarget.run(input)
    case .stream: StreamTarget.run(input)
    case .json: JSONTarget.run(input)
    case .chat: ChatTarget.run(input)
    case .answer: AnswerTarget.run(input)
    case .askOpenAI: AskTarget(call: CallEndpoint(.openAI)).run(input)
    case .askMessages: AskTarget(call: CallEndpoint(.anthropic)).run(input)
    case .askResponses: AskTarget(call: CallEndpoint(.responses)).run(input)
    case .askOllama: AskTarget(call: CallEndpoint(.ollama)).run(input)
    case .askGenerate: AskTarget(call: CallEndpoint(.ollama, form: .generate)).run(input)
    case .askGemini: AskTarget(call: CallEndpoint(.gemini, model: .empty)).run(input)
    case .tellOpenAI: TellTarget(dialect: .openAI).run(input)
    case .tellMessages: TellTarget(dialect: .anthropic).run(input)
    case .tellOllama: TellTarget(dialect: .ollama).run(input)
    case .tellGemini: TellTarget(dialect: .gemini).run(input)
    case .gguf: ModelTarget.gguf(input)
    case .safetensors: ModelTarget.safetensors(input)
    case .onnx: ModelTarget.onnx(input)
    case .report: ReportTarget.run(input)
    }
  }
}

/// What libFuzzer calls with each input. The memory has exactly that size, so AddressSanitizer sees a read behind it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
  Target.chosen.run(unsafe bytes.span)
  return 0
}
