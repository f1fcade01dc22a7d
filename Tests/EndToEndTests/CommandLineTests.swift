import Foundation
import Testing

@testable import Support
@testable import hoosh

@Suite struct CommandLineTests {
  private func start(_ sections: String = "") throws -> (program: Program, port: Int) {
    let program = try Program(
      ["serve"],
      files: [
        "hoosh.toml": """
        [server]
        port = 0
        [[providers]]
        type = "Demo"
        models = ["demo", "demo-*"]
        demo.first_token_ms = 0
        demo.tokens_per_second = 0
        [access_log]
        format = "off"
        \(sections)
        """
      ])
    return (program, try program.port())
  }

  // MARK: Words

  @Test(arguments: [
    ["modles"], ["chat", "-m", "demo", "hi"], ["8088"], ["-p", "0", "serv"], ["--no-such-option"],
  ])
  func `a command line without a command that exists gets the list of commands`(arguments: [String]) throws {
    let run = try Run.hoosh(arguments)
    #expect(run.status == 64)
    for name in ["serve", "infer", "models", "route", "health", "info", "fit", "check", "version"] {
      #expect(run.errors.contains("  \(name) "), "no \(name) in \(run.errors)")
    }
    if !arguments[0].hasPrefix("-") { #expect(run.errors.contains("`\(arguments[0])` is not a command")) }
  }

  @Test func `a misspelled command gets a suggestion`() throws {
    #expect(try Run.hoosh(["modles"]).errors.contains("Did you mean `models`?"))
    #expect(!(try Run.hoosh(["quantize"]).errors.contains("Did you mean")))
  }

  @Test(arguments: [[], [""]])
  func `an empty argument list is rejected`(arguments: [String]) throws {
    // Kernels since 5.18 replace an empty list by one empty name.
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    #expect(posix_spawn(&process, try Program.executable().path, nil, nil, &pointers, environ) == 0)
    var status: Int32 = 0
    #expect(eventually(upTo: .seconds(10)) { waitpid(process, &status, WNOHANG) == process })
    kill(process, SIGKILL)
    #expect(status >> 8 & 0xff == 64)
  }

  // MARK: Addresses

  @Test(arguments: [
    ("127.0.0.1:8088", "http://127.0.0.1:8088"), ("localhost", "http://localhost"),
    ("http://h:1/", "http://h:1"), ("http://h:1/v1", "http://h:1"), ("h:1/v1//", "http://h:1"),
    ("HTTPS://h/base/v1/", "HTTPS://h/base"), (" h:1\n", "http://h:1"), ("[::1]:8088", "http://[::1]:8088"),
  ])
  func `the address of a gateway is found in what people give`(given: String, address: String) throws {
    #expect(try ServerAddress(given).text == address)
  }

  @Test(arguments: [
    "", " ", "http://", "ftp://h", ":8088", "/v1", "http:///v1", "two words", "h?x", "h#x", "h\r\nx: y",
  ])
  func `what is no address is rejected`(given: String) {
    #expect(throws: (any Error).self) { try ServerAddress(given) }
  }

  @Test(arguments: ["127.0.0.1:PORT", "localhost:PORT/", "http://127.0.0.1:PORT/v1", "http://127.0.0.1:PORT/v1/"])
  func `every command takes every form of the address`(form: String) throws {
    let (program, port) = try start()
    let address = form.replacing("PORT", with: "\(port)")
    for arguments in [["models"], ["health"], ["route", "demo"], ["infer", "-m", "demo-tokens3", "hi"], ["info"]] {
      let run = try Run.hoosh(arguments + ["--server", address])
      #expect(run.status == 0, "\(arguments): \(run.errors)")
    }
    _ = program
  }

  // MARK: Failures

  @Test(arguments: [["health"], ["models"], ["route", "m"], ["infer", "-m", "m", "hi"]])
  func `every command gives up on a gateway that does not answer`(arguments: [String]) throws {
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    let run = try Run.hoosh(arguments + ["--server", "127.0.0.1:\(port)", "--timeout", "1"])
    #expect(run.status == 69)
    #expect(run.errors.contains("no answer within 1 s"))
  }

  @Test func `a reason is in plain words`() throws {
    let (listener, port) = Sockets.listen()
    close(listener)
    for server in ["127.0.0.1:\(port)", "gateway.invalid"] {
      let run = try Run.hoosh(["health", "--server", server])
      #expect(run.status == 69)
      #expect(!run.errors.contains("Reactor") && !run.errors.contains("("), "\(run.errors)")
    }
  }

  @Test(arguments: [
    ["version"], ["--version"], ["--help"], ["help", "serve"], ["check", "good.toml"], ["info", "--no-drivers"],
  ])
  func `no command succeeds without its output`(arguments: [String]) throws {
    let files = ["good.toml": "[[providers]]\ntype = \"Demo\"\n"]
    let run = try Run.hoosh(arguments, files: files, output: "/dev/full")
    #expect(run.status == 74)
    #expect(run.errors.contains("No space left on device"))
  }

  @Test func `a command whose standard output is closed fails`() throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "\"$0\" version >&- 2>/dev/null", try Program.executable().path]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 74)
  }

  // MARK: Prompts, keys, and terminals

  @Test(arguments: [["-"], []])
  func `a prompt is read from standard input`(words: [String]) throws {
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    let program = try Program(
      ["infer", "-m", "m", "--server", "127.0.0.1:\(port)"] + words, input: "from a \"pipe\"\nü")
    let client = Client(listener)
    #expect(eventually { client.received.contains("from a \\\"pipe\\\"\\nü") }, "\(client.received)")
    client.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    #expect(program.wait() == 0)
  }

  /// The next client of a listener, and what it has sent.
  private final class Client {
    private let listener: Int32
    private var descriptor: Int32 = -1
    private var bytes: [UInt8] = []

    init(_ listener: Int32) { self.listener = listener }
    deinit { if descriptor >= 0 { close(descriptor) } }

    var received: String {
      if descriptor < 0 { descriptor = accept(listener, nil, nil) }
      var buffer = [UInt8](repeating: 0, count: 4096)
      while descriptor >= 0, case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)),
        count > 0
      {
        bytes += buffer[..<count]
      }
      return String(decoding: bytes, as: UTF8.self)
    }

    func send(_ text: String) { _ = Foundation.send(descriptor, text, text.utf8.count, 0) }
  }

  @Test func `an empty standard input is no prompt`() throws {
    for words in [["-"], []] {
      let run = try Run.hoosh(["infer", "-m", "m", "--server", "127.0.0.1:1"] + words, input: "")
      #expect(run.status == 64)
      #expect(run.errors.contains("The prompt is missing"))
    }
  }

  @Test func `an empty key counts as unset, line ends around a key are cut, and an invalid one is named`() throws {
    let (program, port) = try start("[auth]\ntokens = [\"the-key-of-the-house\"]")
    let server = ["--server", "127.0.0.1:\(port)"]
    func models(_ key: String?) throws -> Run {
      try Run.hoosh(["models"] + server, environment: key.map { ["HOOSH_KEY": $0] } ?? [:])
    }
    #expect(try models("the-key-of-the-house\r\n").status == 0)
    #expect(try models("").status == 1)
    #expect(try models("").errors == models(nil).errors)
    let wrong = try models("two words")
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("HOOSH_KEY"))
    #expect(try Run.hoosh(["models", "--key", ""] + server).errors.contains("--key"))
    _ = program
  }

  @Test(arguments: [
    ("plain\ttext\n", "plain\ttext\n"), ("\u{1b}[1mbold\u{1b}[0m", "\u{1b}[1mbold\u{1b}[0m"),
    ("\u{1b}]52;c;x\u{7}", "\u{fffd}]52;c;x\u{fffd}"), ("\u{1b}[2J", "\u{fffd}[2J"), ("a\rb", "a\u{fffd}b"),
    ("a\r\nb", "a\u{fffd}\nb"), ("\u{9b}31m\u{7f}", "\u{fffd}31m\u{fffd}"), ("ü🦙", "ü🦙"), ("", ""),
  ])
  func `no control character of others reaches a terminal`(text: String, shown: String) {
    #expect(Terminal.printable(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
  }
}
