import Foundation
import Testing

@testable import Probe

/// Fakes of vendor libraries. Each is built once, and its file name selects its behavior.
enum Fakes {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Drivers/Fakes")

  /// A fake, by its source file.
  enum Kind: String, CaseIterable {
    case nvml
    case rocmSMI = "rocm_smi"
    case levelZero = "level_zero"
    case vulkan = "vulkan_driver"
    /// A library that opens but lacks the expected functions.
    case half
  }

  private static let shelf: Result<Folder, any Error> = Result { try Folder() }
  /// The built libraries, or the errors of building them.
  private static let built: [Kind: Result<URL, any Error>] = {
    // Static values are never deinitialized, so remove the folder at exit.
    atexit { if let shelf = try? Fakes.shelf.get() { try? FileManager.default.removeItem(at: shelf.url) } }
    let compilers = Kind.allCases.map { kind in (kind, Result { try compile(kind) }) }
    return Dictionary(
      uniqueKeysWithValues: compilers.map { kind, started in
        (
          kind,
          Result {
            let (compiler, place) = try started.get()
            compiler.waitUntilExit()
            try #require(compiler.terminationStatus == 0)
            return place
          }
        )
      })
  }()

  private static func compile(_ kind: Kind) throws -> (Process, URL) {
    let place = try shelf.get().url.appending(path: kind.rawValue + ".so")
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/cc")
    compiler.arguments = [
      "-shared", "-fPIC", "-w", "-o", place.path, sources.appending(path: kind.rawValue + ".c").path,
    ]
    try compiler.run()
    return (compiler, place)
  }

  /// A temporary folder, which is removed with this value.
  final class Folder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "fakes-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    /// Returns a library whose file name contains the words.
    func library(_ kind: Kind, _ words: [String] = []) throws -> String {
      let built = try #require(Fakes.built[kind])
      let place = url.appending(path: (["\(kind.rawValue)"] + words).joined(separator: "+") + ".so")
      try FileManager.default.copyItem(at: built.get(), to: place)
      return place.path
    }

    /// Writes a manifest of a Vulkan driver.
    func manifest(_ name: String, _ library: String) throws {
      try text(
        "icd.d/\(name).json",
        "{\"file_format_version\": \"1.0.0\", \"ICD\": {\"library_path\": \"\(library)\", \"api_version\": \"1.3.255\"}}"
      )
    }

    func text(_ name: String, _ text: String) throws {
      let place = url.appending(path: name)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: place)
    }

    /// The folder of the manifests, as a path in `SystemFiles`.
    var manifests: String { String(url.appending(path: "icd.d").path.dropFirst()) }
  }

  /// Returns the path of hoosh next to the tests, which runs the driver processes.
  static func program() throws -> String {
    for place in [CommandLine.arguments[0], "/proc/self/exe"] {
      let candidate = URL(filePath: place).resolvingSymlinksInPath().deletingLastPathComponent().appending(
        path: "hoosh")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate.path }
    }
    throw CocoaError(.fileNoSuchFile)
  }

  /// Returns options that probe only one library.
  static func options(_ source: Source, _ library: String, deadline: Duration = .seconds(10)) throws
    -> DriverProber.Options
  {
    var options = DriverProber.Options()
    options.program = try program()
    options.libraries = [source: library]
    options.deadline = deadline
    options.manifestFolders = []
    return options
  }
}
