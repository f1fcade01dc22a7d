import Testing

@testable import Gateway

/// The records of requests that ended: decisions, events, and entries of the access log.
@Suite struct RecorderTests {
  private static func record(
    _ id: String, _ outcome: RequestRecord.Outcome = .completed, status: Int = 200, isCall: Bool = true
  ) -> RequestRecord {
    var record = RequestRecord()
    record.id = id
    record.isCall = isCall
    record.status = status
    record.outcome = outcome
    return record
  }

  @Test func `the newest decision about an ID is found, and only the latest 1024 are kept`() {
    var decisions = RouteDecisions()
    for (id, status) in [("first", 200), ("twice", 500), ("twice", 201)] {
      decisions.append(Self.record(id, status: status).decision)
    }
    #expect(decisions.find(id: "twice")?.status == 201)
    for number in 0..<1021 { decisions.append(Self.record("n-\(number)").decision) }
    #expect(decisions.find(id: "first") != nil)
    decisions.append(Self.record("last").decision)
    #expect(decisions.find(id: "first") == nil)
    #expect(decisions.find(id: "twice") != nil)
    #expect(decisions.find(id: "last") != nil)
    #expect(decisions.find(id: "never") == nil)
  }

  @Test(arguments: [
    (RequestRecord.Outcome.completed, EventTopic?.some(.inference)), (.failed, .errors), (.truncated, .errors),
    (.rejected, nil), (.clientClosed, nil), (.shutdown, nil),
  ])
  func `only answers and failures are published as events`(
    outcome: RequestRecord.Outcome, topic: EventTopic?
  ) {
    let recorder = Recorder(.off)
    recorder.conclude(Self.record("a", outcome), at: 1)
    #expect(recorder.events.since(0).events.map(\.topic) == [topic].compactMap(\.self))
    #expect(recorder.decisions.find(id: "a") != nil)
    recorder.conclude(Self.record("b", outcome, isCall: false), at: 1)
    #expect(recorder.events.since(0).events.count == (topic == nil ? 0 : 1))
    #expect(recorder.decisions.find(id: "b") == nil)
    #expect(recorder.concluded == 2)
  }

  /// Appends one entry for each ID and flushes; returns what the writer was given.
  private static func flush(_ log: inout AccessLog, _ ids: [String], isTaken: Bool) -> String? {
    for id in ids { log.append(record(id), at: 0) }
    var given: String?
    log.flush {
      given = String(decoding: $0, as: UTF8.self)
      return isTaken
    }
    return given
  }

  @Test(arguments: [Configuration.AccessLog.Format.json, .text])
  func `entries that the writer does not take are dropped, and the next that it takes says how many once`(
    format: Configuration.AccessLog.Format
  ) throws {
    var log = AccessLog(format)
    #expect(Self.flush(&log, [], isTaken: true) == nil)
    #expect(Self.flush(&log, ["id-1", "id-2"], isTaken: false) != nil)
    #expect(log.dropped == 2 && log.pendingBytes == 0)
    #expect(Self.flush(&log, ["id-3"], isTaken: false)?.contains("id-1") == false)
    #expect(log.dropped == 3)
    let next = try #require(Self.flush(&log, ["id-4"], isTaken: true))
    #expect(!next.contains("id-3") && next.contains("id-4"))
    #expect(
      next.hasSuffix(
        format == .json ? "\n{\"access_log_lines_dropped\":3}\n" : "\naccess log lines dropped: 3\n"))
    let last = try #require(Self.flush(&log, ["id-5"], isTaken: true))
    #expect(last.contains("id-5") && !last.contains("id-4") && !last.contains("dropped"))
    #expect(log.dropped == 3)
  }

  @Test(arguments: [Configuration.AccessLog.Format.json, .text])
  func `entries that the file did not take are counted since the start, and reported until the count is taken`(
    format: Configuration.AccessLog.Format
  ) throws {
    let report = format == .json ? "{\"id\":null,\"access_log_lines_lost\":" : "access log lines lost: "
    let end = format == .json ? "}\n" : "\n"
    var log = AccessLog(format)
    log.countLost(0)
    #expect(Self.flush(&log, ["id-1"], isTaken: true)?.contains("lost") == false)
    log.countLost(2)
    #expect(Self.flush(&log, ["id-2"], isTaken: false)?.hasSuffix(report + "2" + end) == true)
    #expect(Self.flush(&log, ["id-3"], isTaken: true)?.hasSuffix(report + "2" + end) == true)
    #expect(Self.flush(&log, ["id-4"], isTaken: true)?.contains("lost") == false)
    log.countLost(3)
    #expect(Self.flush(&log, ["id-5"], isTaken: true)?.hasSuffix("\n" + report + "5" + end) == true)
  }
}
