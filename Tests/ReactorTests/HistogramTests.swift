import Testing

@testable import Reactor

@Suite struct HistogramTests {
  @Test func `an empty histogram has only zeros`() {
    let histogram = Histogram()
    #expect(histogram.count == 0)
    #expect(histogram.max == 0)
    #expect(histogram.percentile(0.5) == 0)
  }

  @Test func `small values are counted exactly`() {
    var histogram = Histogram()
    for value in 1...10 { histogram.record(UInt64(value)) }
    #expect(histogram.percentile(0) == 1)
    #expect(histogram.percentile(0.5) == 5)
    #expect(histogram.percentile(1) == 10)
  }

  @Test(arguments: [UInt64(1), 7, 99])
  func `a percentile is at most a sixteenth too high, and never too low`(seed: UInt64) {
    var state = seed
    var histogram = Histogram()
    var values: [UInt64] = []
    for _ in 0..<5000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = state >> (state >> 58)
      values.append(value)
      histogram.record(value)
    }
    values.sort()
    for share in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = values[max(0, Int((Double(values.count) * share).rounded(.up)) - 1)]
      let found = histogram.percentile(share)
      #expect(found >= exact)
      #expect(Double(found) <= Double(exact) * 1.0626 + 1, "\(share): \(found), not \(exact)")
    }
    #expect(histogram.max == values.last)
  }

  @Test func `the largest possible value has a bucket`() {
    var histogram = Histogram()
    histogram.record(.max)
    histogram.record(0)
    #expect(histogram.percentile(1) == .max)
    #expect(histogram.percentile(0.5) == 0)
  }
}
