import Foundation
import Testing

@testable import Probe

/// Libraries that pretend to be a maker's, built when a test wants one.
enum Fakes {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Drivers/Fakes")

  /// A folder that goes with this value.
  final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "fakes-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    /// Builds a library from one of the sources.
    func library(_ source: String, _ defines: [String] = [], name: String = "fake.so") throws -> String {
      let place = url.appending(path: name).path
      let compiler = Process()
      compiler.executableURL = URL(filePath: "/usr/bin/cc")
      compiler.arguments =
        ["-shared", "-fPIC", "-w", "-o", place, Fakes.sources.appending(path: source).path]
        + defines.map { "-D\($0)" }
      try compiler.run()
      compiler.waitUntilExit()
      try #require(compiler.terminationStatus == 0)
      return place
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

    /// The folder of the manifests, as a root names it.
    var manifests: String { String(url.appending(path: "icd.d").path.dropFirst()) }
  }

  /// The program beside the tests, which runs the drivers.
  static func program() throws -> String {
    for place in [CommandLine.arguments[0], "/proc/self/exe"] {
      let candidate = URL(filePath: place).resolvingSymlinksInPath().deletingLastPathComponent().appending(
        path: "hoosh")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate.path }
    }
    throw CocoaError(.fileNoSuchFile)
  }

  /// Options that ask one library only, with a short deadline.
  static func options(_ source: Source, _ library: String, deadline: Duration = .seconds(10)) throws
    -> Inquirer.Options
  {
    var options = Inquirer.Options()
    options.program = try program()
    options.libraries = [source: library]
    options.deadline = deadline
    options.manifestFolders = []
    return options
  }
}
