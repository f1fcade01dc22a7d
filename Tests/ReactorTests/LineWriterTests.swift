import Foundation
import Testing

@testable import Reactor

@Suite struct LineWriterTests {
  private func place() -> String {
    FileManager.default.temporaryDirectory.appending(path: "line-writer-\(UUID().uuidString)").path
  }

  @Test func `lines are appended to a file in order`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "before\n".write(toFile: path, atomically: false, encoding: .utf8)
    let writer = try LineWriter(path: path, waitingBytesMax: 1 << 20)
    for line in 0..<2000 { #expect(writer.write(Array("line \(line)\n".utf8))) }
    writer.finish(within: .seconds(5))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(lines == ["before"] + (0..<2000).map { "line \($0)" })
  }

  @Test func `a new log file is not readable by all users`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try LineWriter(path: path, waitingBytesMax: 100)
    writer.finish(within: .seconds(5))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode.map { $0 & 0o007 } == 0)
  }

  @Test func `a path that cannot be opened is an error`() {
    let error = #expect(throws: SystemError.self) {
      try LineWriter(path: "/proc/no/such/place", waitingBytesMax: 100)
    }
    #expect(error?.code == ENOENT)
  }

  @Test func `a full pipe never blocks the caller, and lines that do not fit are dropped and reported`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(mkfifo(path, 0o600) == 0)
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    #expect(reader >= 0)
    defer { close(reader) }
    let writer = try LineWriter(path: path, waitingBytesMax: 256 * 1024)
    let line = [UInt8](repeating: 0x61, count: 4095) + [0x0a]
    let start = ContinuousClock.now
    var accepted = 0
    for _ in 0..<500 where writer.write(line) { accepted += 1 }
    #expect(ContinuousClock.now - start < .seconds(2))
    // At most: the lines in the queue, those taken before the thread blocked, and those in the pipe.
    #expect(accepted >= 64)
    #expect(accepted < 500)
    writer.finish(within: .milliseconds(20))

    var received = 0
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let end = ContinuousClock.now + .seconds(5)
    while received < accepted * 4096, ContinuousClock.now < end {
      let count = read(reader, &buffer, buffer.count)
      if count > 0 { received += count } else { usleep(500) }
    }
    #expect(received == accepted * 4096)
  }

  @Test func `a pipe without a reader loses only the lines`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(mkfifo(path, 0o600) == 0)
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    let writer = try LineWriter(path: path, waitingBytesMax: 1024)
    close(reader)
    #expect(writer.write(Array("lost\n".utf8)))
    let start = ContinuousClock.now
    writer.finish(within: .seconds(5))
    #expect(ContinuousClock.now - start < .seconds(4))
  }

  @Test func `after a full pipe, the line that was cut is completed first, and what was lost is counted`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(mkfifo(path, 0o600) == 0)
    var output = LineOutput(path, try LineOutput.open(path))
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    // Lines of 1000 bytes do not divide the pipe's 64 KiB.
    let lines = (0..<100).flatMap { Array("\($0) ".utf8) + [UInt8](repeating: 0x61, count: 997) + [0x0a] }
    let lost = output.write(lines) { true }
    #expect(lost > 0)
    #expect(output.write(Array("lost too\n".utf8)) { true } == 1)
    var received: [UInt8] = []
    func receive() {
      var buffer = [UInt8](repeating: 0, count: 200_000)
      while case let count = read(reader, &buffer, buffer.count), count > 0 { received += buffer[..<count] }
    }
    receive()
    #expect(output.write(Array("next\nlast\n".utf8)) { true } == 0)
    receive()
    let seen = String(decoding: received, as: UTF8.self).split(separator: "\n")
    #expect(seen.count == 100 - lost + 2)
    #expect(seen.suffix(2) == ["next", "last"])
    #expect(seen.dropLast(2).allSatisfy { $0.hasSuffix(String(repeating: "a", count: 997)) })
  }

  @Test(arguments: [("half", "half\nnext\n"), ("whole\n", "whole\nnext\n"), ("", "next\n")])
  func `a file that ends within a line gets a line end before the next line`(before: String, after: String) throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try before.write(toFile: path, atomically: false, encoding: .utf8)
    let writer = try LineWriter(path: path, waitingBytesMax: 100)
    #expect(writer.write(Array("next\n".utf8)))
    writer.finish(within: .seconds(5))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == after)
  }

  @Test func `after a move and a reopening, lines go to a new file, and the earlier ones are in the old one`()
    throws
  {
    let path = place()
    defer { for end in ["", ".1"] { try? FileManager.default.removeItem(atPath: path + end) } }
    let writer = try LineWriter(path: path, waitingBytesMax: 100)
    #expect(writer.write(Array("old\n".utf8)))
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    writer.reopen()
    #expect(writer.write(Array("new\n".utf8)))
    writer.finish(within: .seconds(5))
    #expect(try String(contentsOfFile: path + ".1", encoding: .utf8) == "old\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new\n")
  }

  @Test func `where the path cannot be opened again, lines go on to the old file`() throws {
    let folder = place()
    defer { for end in ["", ".1"] { try? FileManager.default.removeItem(atPath: folder + end) } }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let writer = try LineWriter(path: folder + "/log", waitingBytesMax: 100)
    try FileManager.default.moveItem(atPath: folder, toPath: folder + ".1")
    writer.reopen()
    #expect(writer.write(Array("kept\n".utf8)))
    writer.finish(within: .seconds(5))
    #expect(try String(contentsOfFile: folder + ".1/log", encoding: .utf8) == "kept\n")
  }

  @Test func `a reopening ends the wait for the reader of a full pipe`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(mkfifo(path, 0o600) == 0)
    let writer = try LineWriter(path: path, waitingBytesMax: 1 << 20)
    #expect(writer.write([UInt8](repeating: 0x0a, count: 100_000)))
    writer.reopen()
    let start = ContinuousClock.now
    writer.finish(within: .seconds(5))
    #expect(ContinuousClock.now - start < .seconds(4))
    #expect(writer.takeLost() > 0)
    #expect(writer.takeLost() == 0)
  }

  @Test func `a pipe is opened before its reader comes, and its lines wait for the reader`() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(mkfifo(path, 0o600) == 0)
    let writer = try LineWriter(path: path, waitingBytesMax: 1024)
    #expect(writer.write(Array("early\n".utf8)))
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    var buffer = [UInt8](repeating: 0, count: 100)
    var count = 0
    for _ in 0..<2000 where count <= 0 {
      count = read(reader, &buffer, buffer.count)
      usleep(1000)
    }
    #expect(Array(buffer.prefix(max(0, count))) == Array("early\n".utf8))
    writer.finish(within: .seconds(5))
  }

  @Test func `everything reaches a descriptor that does not block`() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    #expect(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
    let bytes = (0..<400_000).map { UInt8(truncatingIfNeeded: $0) }
    let (reading, writing) = (ends[0], ends[1])
    let thread = Thread {
      _ = LineWriter.writeAll(bytes, to: writing)
      close(writing)
    }
    thread.start()
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 10_000)
    while case let count = read(reading, &buffer, buffer.count), count > 0 { received += buffer[..<count] }
    close(reading)
    #expect(received == bytes)
  }

  @Test func `a device without space rejects every line, and says so`() throws {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(LineWriter.writeAll([0x61], to: full)?.code == ENOSPC)
    let writer = try LineWriter(path: "/dev/full", waitingBytesMax: 100)
    #expect(writer.write(Array("one\ntwo\n".utf8)))
    writer.finish(within: .seconds(5))
    #expect(writer.takeLost() == 2)
  }
}
