import Foundation
import Testing

@testable import Reactor

@Suite struct FileWatchTests {
  /// A folder that is deleted with the test.
  final class Folder {
    let path = NSTemporaryDirectory() + "hoosh-watch-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }
    func make(_ folder: String) throws {
      try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
    }
    /// Creates a symbolic link, replacing an existing one atomically.
    func link(_ name: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name).new", withDestinationPath: target)
      try #require(rename("\(path)/\(name).new", "\(path)/\(name)") == 0)
    }
  }

  /// Returns whether the loop reports a change soon.
  private static func isTold(_ reactor: Reactor, upTo time: Duration = .seconds(5)) -> Bool {
    let end = ContinuousClock.now + time
    repeat {
      for case .filesChanged in reactor.turn(atMost: .milliseconds(20)) { return true }
    } while ContinuousClock.now < end
    return false
  }

  @Test func `a write, a replacement, and a removal of the file are each reported once`() throws {
    let folder = try Folder()
    try folder.write("a.toml", "1")
    let reactor = try Reactor()
    let watch = try FileWatch("\(folder.path)/a.toml")
    try reactor.watch(watch)
    var seen = watch.readStamp()
    #expect(seen != nil)
    #expect(!Self.isTold(reactor, upTo: .milliseconds(20)))
    for change in [
      { try folder.write("a.toml", "22") },
      { try folder.write("b", "333") },
      { _ = rename("\(folder.path)/b", "\(folder.path)/a.toml") },
      { try FileManager.default.removeItem(atPath: "\(folder.path)/a.toml") },
    ] {
      try change()
      #expect(Self.isTold(reactor))
      while Self.isTold(reactor, upTo: .milliseconds(20)) {}
      let now = watch.readStamp()
      // A change of a neighboring file is reported, and the stamp shows that it was not this file.
      #expect((now == seen) == (now?.size == 2 && seen?.size == 2))
      seen = now
    }
    #expect(seen == nil)
  }

  @Test func `a new target of a symbolic link on the path is reported, and so is a write to the new target`() throws
  {
    // As in a Kubernetes volume: the file is a link through another link, which is replaced.
    let folder = try Folder()
    for (version, text) in [("v1", "1"), ("v2", "22")] {
      try folder.make(version)
      try folder.write("\(version)/a.toml", text)
    }
    try folder.link("data", to: "v1")
    try folder.link("a.toml", to: "data/a.toml")
    let reactor = try Reactor()
    let watch = try FileWatch("\(folder.path)/a.toml")
    try reactor.watch(watch)
    #expect(watch.readStamp()?.size == 1)
    try folder.link("data", to: "v2")
    #expect(Self.isTold(reactor))
    while Self.isTold(reactor, upTo: .milliseconds(20)) {}
    #expect(watch.readStamp()?.size == 2)
    try folder.write("v2/a.toml", "333")
    #expect(Self.isTold(reactor))
    #expect(watch.readStamp()?.size == 3)
  }

  @Test func `the watched folders are those of each link and of the file`() throws {
    let folder = try Folder()
    try folder.make("releases/12/etc")
    try folder.link("current", to: "releases/12")
    try folder.link("up", to: "\(folder.path)/releases/../current/etc")
    try folder.write("releases/12/etc/a.toml", "")
    let top = folder.path
    #expect(FileWatch.folders("a.toml") == ["."])
    #expect(FileWatch.folders("/a.toml") == ["/"])
    #expect(
      FileWatch.folders("\(top)/up/a.toml").suffix(3)
        == [top, "\(top)/releases/..", "\(top)/releases/../releases/12/etc"])
  }

  @Test func `a cycle of links and a missing folder cause no error`() throws {
    let folder = try Folder()
    try folder.link("a", to: "b")
    try folder.link("b", to: "a")
    #expect(FileWatch.folders("\(folder.path)/a").count <= 41)
    #expect(try FileWatch("\(folder.path)/a").readStamp() == nil)
    #expect(throws: SystemError.self) { try FileWatch("\(folder.path)/none/a") }
  }

  @Test func `a folder that takes the place of another is reported, at any height, and so is its file`() throws {
    let folder = try Folder()
    for (version, text) in [("one", "1"), ("two", "22")] {
      try folder.make("\(version)/etc")
      try folder.write("\(version)/etc/a.toml", text)
    }
    let reactor = try Reactor()
    let watch = try FileWatch("\(folder.path)/one/etc/a.toml")
    try reactor.watch(watch)
    #expect(watch.readStamp()?.size == 1)
    try #require(rename("\(folder.path)/one", "\(folder.path)/old") == 0)
    try #require(rename("\(folder.path)/two", "\(folder.path)/one") == 0)
    #expect(Self.isTold(reactor))
    while Self.isTold(reactor, upTo: .milliseconds(20)) {}
    #expect(watch.readStamp()?.size == 2)
    try folder.write("one/etc/a.toml", "333")
    #expect(Self.isTold(reactor))
    #expect(watch.readStamp()?.size == 3)
  }

  @Test func `other names in the folders above are not reported`() throws {
    let folder = try Folder()
    try folder.make("one/etc")
    try folder.write("one/etc/a.toml", "1")
    let reactor = try Reactor()
    let watch = try FileWatch("\(folder.path)/one/etc/a.toml")
    try reactor.watch(watch)
    while Self.isTold(reactor, upTo: .milliseconds(20)) {}
    for name in ["other", "one/lib", "one2"] { try folder.make(name) }
    try folder.write("one/b.toml", "2")
    #expect(!Self.isTold(reactor, upTo: .milliseconds(100)))
  }

  @Test func `the folders above are those of every watched folder`() {
    #expect(FileWatch.parents("/a/b/c.toml") == ["/a", "/"])
    #expect(FileWatch.parents("/a.toml").isEmpty && FileWatch.parents("a.toml").isEmpty)
  }

  @Test func `a file that a process has open for writing is being written`() throws {
    signal(SIGIO, SIG_IGN)
    let folder = try Folder()
    try folder.write("a.toml", "1")
    let path = "\(folder.path)/a.toml"
    #expect(FileWatch.isBeingWritten(path) != true)
    let writer = try #require(FileHandle(forWritingAtPath: path))
    #expect(FileWatch.isBeingWritten(path) != false)
    try writer.close()
    #expect(FileWatch.isBeingWritten(path) != true)
    #expect(FileWatch.isBeingWritten("\(folder.path)/none") == nil)
  }
}
