import ArgumentParser
import Gateway
import Glibc
import Reactor

/// The `infer` command, which sends one prompt to a model.
struct Infer: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Send a prompt to a model through a running gateway.")

  @Option(name: .shortAndLong, help: "The model.")
  var model: String

  @Argument(help: "The prompt. `-` reads it from standard input, and so does no prompt at all in a pipe.")
  var prompt: String?

  @Flag(help: "Print the answer as it is generated.")
  var stream = false

  @OptionGroup var options: ServerOptions

  func run() throws {
    var events = SSEReader()
    var failure: String?
    let answer = try options.send(
      .post, "/v1/chat/completions", body: body(try readPrompt()), defaultTimeout: ServerOptions.timeouts.infer,
      piece: stream
        ? { bytes in
          var offset = 0
          while let isEvent = try? events.next(in: bytes, from: &offset), isEvent {
            let data = events.data
            if let error = ServerJSON.error(in: data.span) { failure = error }
            show(data.span, member: "delta")
          }
        } : nil)
    if answer.status != 200 {
      failure = answer.failure
    } else if !stream {
      show(answer.body.span, member: "message")
    }
    if answer.status == 200 { Terminal.write([0x0a]) }
    if let failure {
      Terminal.printError("hoosh: \(failure)")
      throw ExitCode.failure
    }
  }

  /// Returns the prompt of the command line or of standard input.
  private func readPrompt() throws -> String {
    if let prompt, prompt != "-" { return prompt }
    if prompt == nil, isatty(STDIN_FILENO) != 0 {
      throw ValidationError("The prompt is missing. Give one, or `-` to read it from standard input.")
    }
    guard let bytes = SmallFile.readAll(STDIN_FILENO, bytesMax: Self.promptBytesMax) else {
      Terminal.printError(
        "hoosh: cannot read the prompt from standard input: \(unsafe String(cString: strerror(errno)))")
      throw ExitCode.input
    }
    guard bytes.count <= Self.promptBytesMax else {
      throw ValidationError("The prompt on standard input is larger than \(Self.promptBytesMax) bytes.")
    }
    guard !bytes.isEmpty else {
      throw ValidationError("The prompt is missing: standard input is empty.")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The longest prompt that is read from standard input, in bytes.
  private static let promptBytesMax = 64 * 1024 * 1024

  private func body(_ prompt: String) -> [UInt8] {
    var out: [UInt8] = Array("{".utf8)
    Writer.member("model", model, to: &out)
    Writer.member("stream", stream, to: &out)
    Writer.key("messages", to: &out)
    out += Array("[{".utf8)
    Writer.member("role", "user", to: &out)
    Writer.member("content", prompt, to: &out)
    out += Array("}]}".utf8)
    return out
  }

  /// Writes the text of the first choice's message or delta.
  private func show(_ json: Span<UInt8>, member: StaticString) {
    if let text = ServerJSON.content(in: json, of: member) { Terminal.write(Array(text.utf8)) }
  }
}
