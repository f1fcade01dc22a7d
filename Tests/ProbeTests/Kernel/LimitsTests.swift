import Testing

@testable import Probe

/// Limits of control groups.
@Suite struct LimitsTests {
  @Test func `the lowest limit of all ancestors applies, and reclaimable pages do not count`()
    throws
  {
    let machine = try Recorded("cgroup-v2-nested").machine
    #expect(machine.memory.total == Fact(4 * gibibyte, .cgroup))
    #expect(machine.memory.available == Fact(3 * gibibyte, .cgroup))
    #expect(machine.memory.installed == 256 * gibibyte)
    #expect(machine.processor.quota == 2.5)
    #expect(machine.processor.threads == 4)
    #expect(machine.processor.decodeThreads == 2)
    #expect(machine.environment.isKubernetes)
  }

  @Test func `in a namespace the mounted group is the root, and memory.high applies too`() throws {
    let machine = try Recorded("cgroup-v2-namespaced").machine
    #expect(machine.memory.total == Fact(12 * gibibyte, .cgroup))
    #expect(machine.processor.quota == 1.5)
    #expect(machine.environment.isContainer)
  }

  @Test func `version 1 has a hierarchy per controller, and a large number means no limit`() throws {
    let machine = try Recorded("cgroup-v1").machine
    #expect(machine.memory.total == Fact(6 * gibibyte, .cgroup))
    #expect(machine.memory.available == Fact(5 * gibibyte, .cgroup))
    #expect(machine.processor.quota == 3)
  }

  @Test func `with both versions and no limit, the total is the installed memory`() throws {
    let machine = try Recorded("cgroup-hybrid").machine
    #expect(machine.memory.total == Fact(256 * gibibyte, .procfs))
    #expect(machine.processor.quota == nil)
  }

  @Test(arguments: ["0::/../../up", "0::", "garbage", "0::/" + String(repeating: "a/", count: 500)])
  func `unusual group paths do not crash the reader`(line: String) throws {
    let recorded = try Recorded(
      "firecracker-vm", adding: "proc/self/cgroup = \(line)\nsys/fs/cgroup/memory.max = 1073741824")
    #expect(recorded.machine.memory.total.value <= 8 * gibibyte)
  }
}
