import Probe
import Testing

@testable import Gateway

@Suite struct HardwareMonitorTests {
  @Test func `how fast a model was here stays known when the machine is looked at again`() throws {
    let machine = Probe.scan(try #require(SystemFiles()))
    let watch = try HardwareMonitor(DriverProber.Options(), prices: .builtIn)
    watch.recordThroughput("llama-3.1-8b", tokens: 100, in: .seconds(40), now: .zero)
    #expect(watch.snapshot == nil)
    watch.updates.post(.scanned(Snapshot(machine)))
    watch.take()
    watch.recordThroughput("llama-3.1-8b", tokens: 100, in: .seconds(40), now: .seconds(9))
    // A model that does not fit provides no measurement.
    var plain = Snapshot(machine)
    plain.recordThroughput("llama-3.1-8b", tokens: 100, seconds: 40)
    let share = plain.speed.share(of: "llama-3.1-8b")
    #expect(watch.snapshot?.speed.share(of: "llama-3.1-8b") == share)
    watch.recordThroughput("llama-3.1-8b", tokens: 100, in: .seconds(1), now: .seconds(9))
    watch.updates.post(.probed(Snapshot(machine), DriverProber(DriverProber.Options())))
    watch.take()
    #expect(watch.snapshot?.speed.share(of: "llama-3.1-8b") == share)
  }
}
