@testable import Gateway
internal import Glibc

/// What is fuzzed; `HOOSH_FUZZ` in the environment names one.
enum Target: String, CaseIterable {
  case head, pieces, body, stream, json, chat, answer

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
