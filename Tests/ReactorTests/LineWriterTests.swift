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
}
