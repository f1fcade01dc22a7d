import Foundation
import Testing

@testable import Probe

/// A machine that was recorded: a folder of the kernel's files, made from one text.
///
/// A line is `path = value`, `path -> link`, `path/` for a folder, or `path:` with lines behind `| `.
final class Recorded {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/Machines")

  static var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".tree") }.map { String($0.dropLast(5)) }.sorted()
  }

  let place: URL
  let root: Root

  init(_ name: String, adding more: String = "") throws {
    let text =
      name.isEmpty ? "" : try String(contentsOf: Self.folder.appending(path: name + ".tree"), encoding: .utf8)
    place = FileManager.default.temporaryDirectory.appending(path: "machine-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try Self.write(text + "\n" + more, below: place)
    root = try #require(Root(place.path))
  }

  deinit { try? FileManager.default.removeItem(at: place) }

  var machine: Machine { Probe.look(root) }

  private static func write(_ text: String, below place: URL) throws {
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
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    return url
  }

  private static func put(_ text: String, _ path: String, _ place: URL) throws {
    try Data(text.utf8).write(to: try parent(path, place))
  }

  private static func link(_ path: String, _ target: String, _ place: URL) throws {
    let url = try parent(path, place)
    try? FileManager.default.removeItem(at: url)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }
}

extension Machine {
  /// The device at an address.
  func device(_ address: String) -> Device? {
    let place = PCIAddress(address)
    return devices.first { $0.address == place }
  }
}

let gibibyte = 1 << 30
