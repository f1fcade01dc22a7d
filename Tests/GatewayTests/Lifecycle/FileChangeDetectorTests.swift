import Testing

@testable import Gateway
@testable import Reactor

@Suite struct FileChangeDetectorTests {
  private static func stamp(_ size: Int) -> FileWatch.Stamp {
    FileWatch.Stamp(device: 1, number: 2, size: size, seconds: 3, nanoseconds: 4)
  }

  @Test func `a file has changed once it stays the same, and only once`() {
    var detector = FileChangeDetector(Self.stamp(1))
    func take(_ sizes: [Int?]) -> [FileChangeDetector.Change] { sizes.map { detector.take($0.map(Self.stamp)) } }
    #expect(take([1, 1]) == [.none, .none])
    #expect(take([2, 3, 3, 3, 3]) == [.unsettled, .unsettled, .changed, .none, .none])
    #expect(take([4, 4, 3, 3]) == [.unsettled, .changed, .unsettled, .changed])
    // A file that is back to its old stamp has not changed.
    #expect(take([5, 3, 3]) == [.unsettled, .unsettled, .none])
  }

  @Test func `a file that is missing has not changed, and one that appears has`() {
    var detector = FileChangeDetector(nil)
    func take(_ sizes: [Int?]) -> [FileChangeDetector.Change] { sizes.map { detector.take($0.map(Self.stamp)) } }
    #expect(take([nil, 1, 1, nil, nil, nil]) == [.none, .unsettled, .changed, .unsettled, .none, .none])
    #expect(take([1, 1, 2, nil, 2, 2]) == [.unsettled, .none, .unsettled, .unsettled, .unsettled, .changed])
  }
}
