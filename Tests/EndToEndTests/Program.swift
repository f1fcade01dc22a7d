import Foundation
import Testing

/// A run of the built `hoosh`, in an empty folder and with an empty environment by default.
final class Program {
  let process = Process()
  /// The working folder, which is deleted with this value.
  let folder: URL
  /// A program whose folder this one uses too.
  private let other: Program?
  private let outPath: URL
  private let errorPath: URL

  struct NotBuilt: Error {}

  /// Returns the program that was built with the tests.
  static func executable() throws -> URL {
    let places = [CommandLine.arguments[0], "/proc/self/exe"].map { URL(filePath: $0).resolvingSymlinksInPath() }
    for place in places {
      let candidate = place.deletingLastPathComponent().appending(path: "hoosh")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
    }
    throw NotBuilt()
  }

  /// Starts the program. `files` are written to its folder first, and symbolic links made; `input` is its standard input, a
  /// pipe, and `output` a device or file to use as standard output.
  init(
    _ arguments: [String], files: [String: String] = [:], links: [String: String] = [:], input: String? = nil,
    environment: [String: String] = [:], output: String? = nil, keeping other: Program? = nil
  ) throws {
    self.other = other
    folder = FileManager.default.temporaryDirectory.appending(path: "hoosh-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in files {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    for (name, target) in links {
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: name).path, withDestinationPath: target)
    }
    outPath = folder.appending(path: "out")
    errorPath = folder.appending(path: "error")
    for path in [outPath, errorPath] { _ = FileManager.default.createFile(atPath: path.path, contents: nil) }
    process.executableURL = try Self.executable()
    process.arguments = arguments
    // A mutant is in the program that is started.
    let mutant = ProcessInfo.processInfo.environment.filter { $0.key == "HOOSH_MUTANT" }
    process.environment = environment.merging(mutant) { own, _ in own }
    process.currentDirectoryURL = folder
    let pipe = input.map { _ in Pipe() }
    process.standardInput = pipe ?? FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output.map { URL(filePath: $0) } ?? outPath)
    process.standardError = try FileHandle(forWritingTo: errorPath)
    try process.run()
    if let pipe, let input {
      try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try pipe.fileHandleForWriting.close()
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }

  var output: String { (try? String(contentsOf: outPath, encoding: .utf8)) ?? "" }
  var errors: String { (try? String(contentsOf: errorPath, encoding: .utf8)) ?? "" }

  /// Returns the content of a file in the folder.
  func file(_ name: String) -> String? { try? String(contentsOf: folder.appending(path: name), encoding: .utf8) }

  /// Waits for the program to exit. Returns its exit status, or `nil` if it does not exit in time.
  func wait(upTo time: Duration = .seconds(10)) -> Int32? {
    eventually(upTo: time) { !process.isRunning } ? process.terminationStatus : nil
  }

  /// Returns the port that the program prints.
  func port() throws -> Int {
    eventually(upTo: .seconds(10)) { errors.contains("listens on") && errors.contains("\n") || !process.isRunning }
    let url = try #require(errors.firstMatch(of: #/listens on http://[^ ]*:(\d+) /#), "\(errors)")
    return try #require(Int(url.1))
  }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }
}

/// The output of a finished run.
struct Run {
  var status: Int32?
  var output: String
  var errors: String

  /// Runs the program until it exits.
  static func hoosh(
    _ arguments: [String], files: [String: String] = [:], environment: [String: String] = [:], input: String? = nil,
    output: String? = nil
  ) throws -> Run {
    let program = try Program(arguments, files: files, input: input, environment: environment, output: output)
    let status = program.wait()
    return Run(status: status, output: program.output, errors: program.errors)
  }
}

/// Polls until the condition holds. Returns false if it does not hold in time.
@discardableResult
func eventually(upTo time: Duration = .seconds(5), _ condition: () -> Bool) -> Bool {
  let end = ContinuousClock.now + time
  while !condition() {
    if ContinuousClock.now > end { return false }
    usleep(2000)
  }
  return true
}
