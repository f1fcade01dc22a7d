import Foundation
import Synchronization
import Testing

@testable import Probe

/// A recorded machine: a folder of kernel files, created from one text file.
///
/// A line of the text is `path = value`, `path -> link`, `path/` for a folder, or `path:` with lines behind `| `.
final class Recorded {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/Machines")

  static var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".tree") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// The folder of all machines: in memory if possible, because thousands of small files are slow on a disk.
  private static let shelf: URL = {
    // Static values are never deinitialized, so remove the folder at exit.
    atexit { try? FileManager.default.removeItem(at: Recorded.shelf) }
    let memory = URL(filePath: "/dev/shm")
    let base =
      FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    return base.appending(path: "machines-\(UUID().uuidString)")
  }()
  /// Machines that exist already, without additions. They are never modified.
  private static let made = Mutex<Set<String>>([])

  let place: URL
  let files: SystemFiles
  private let isShared: Bool

  init(_ name: String, adding more: String = "") throws {
    let shelf = Self.shelf
    isShared = !name.isEmpty && more.isEmpty
    place = shelf.appending(path: isShared ? name : UUID().uuidString)
    try Self.made.withLock { [place, isShared] made in
      if isShared, made.contains(name) { return }
      let text =
        name.isEmpty ? "" : try String(contentsOf: Self.folder.appending(path: name + ".tree"), encoding: .utf8)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try Self.plant(text + "\n" + more, below: place)
      if isShared { made.insert(name) }
    }
    files = try #require(SystemFiles(place.path))
  }

  deinit { if !isShared { try? FileManager.default.removeItem(at: place) } }

  var machine: Machine { Probe.scan(files) }

  private static func plant(_ text: String, below place: URL) throws {
    var pending: (path: String, lines: [Substring])?
    func flush() throws {
      if let (path, lines) = pending { try put(lines.joined(separator: "\n") + "\n", path, place) }
      pending = nil
    }
    for line in text.split(separator: "\n") {
      if line.hasPrefix("| ") || line == "|" {
        pending?.lines.append(line.dropFirst(2))
        continue
      }
      try flush()
      if line.hasPrefix("#") { continue }
      if line.hasSuffix(":") {
        pending = (String(line.dropLast()), [])
      } else if let arrow = line.range(of: " -> ") {
        try link(String(line[..<arrow.lowerBound]), String(line[arrow.upperBound...]), place)
      } else if let sign = line.range(of: " = ") {
        try put(String(line[sign.upperBound...]) + "\n", String(line[..<sign.lowerBound]), place)
      } else if line.hasSuffix(" =") {
        try put("", String(line.dropLast(2)), place)
      }
    }
    try flush()
  }

  private static func parent(_ path: String, _ place: URL) throws -> URL {
    let url = place.appending(path: path)
    let folder = url.deletingLastPathComponent()
    if access(folder.path, F_OK) != 0 {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    return url
  }

  private static func put(_ text: String, _ path: String, _ place: URL) throws {
    let file = open(try parent(path, place).path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    let bytes = Array(text.utf8)
    try #require(file >= 0 && write(file, bytes, bytes.count) == bytes.count)
  }

  private static func link(_ path: String, _ target: String, _ place: URL) throws {
    let url = try parent(path, place)
    try? FileManager.default.removeItem(at: url)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }
}

extension Machine {
  /// Returns the device at an address.
  func device(_ address: String) -> Device? {
    let place = PCIAddress(address)
    return devices.first { $0.address == place }
  }
}

let gibibyte = 1 << 30
