import Foundation
import Testing

@testable import Probe

/// The memory bandwidth from the firmware's list of modules.
@Suite struct MemoryModulesTests {
  /// A structure of type 17, followed by its strings.
  private func module(
    size: Int = 16384, width: Int = 64, rate: Int = 4800, configured: Int = 0, slot: String, bank: String
  ) -> [UInt8] {
    var fields = [UInt8](repeating: 0, count: 0x22)
    func put(_ number: Int, _ offset: Int) {
      fields[offset] = UInt8(number & 0xff)
      fields[offset + 1] = UInt8(number >> 8)
    }
    fields[0] = 17
    fields[1] = UInt8(fields.count)
    put(width, 0x0a)
    put(size, 0x0c)
    put(rate, 0x15)
    put(configured, 0x20)
    fields[0x10] = 1
    // An empty string is not stored.
    fields[0x11] = bank.isEmpty ? 0 : 2
    return fields + Array(slot.utf8) + [0] + (bank.isEmpty ? [] : Array(bank.utf8) + [0]) + [0]
  }

  private let bios: [UInt8] = [0, 6, 0, 0, 1, 2] + Array("Maker".utf8) + [0] + Array("1.0".utf8) + [0, 0]
  private let board: [UInt8] = [2, 4, 1, 0, 0, 0]
  private let end: [UInt8] = [127, 4, 9, 0, 0, 0]

  @Test func `a channel's bandwidth is its width times its configured transfer rate`() throws {
    let table =
      bios + board + module(slot: "DIMM 0", bank: "P0 CHANNEL A")
      + module(configured: 4400, slot: "DIMM 0", bank: "P0 CHANNEL B") + end
    #expect(try abs(#require(MemoryModules.bandwidth(table)) - (38.4 + 35.2)) < 0.001)
  }

  @Test func `two modules on one channel are as fast as one, and an empty slot adds nothing`() throws {
    let table =
      module(slot: "DIMM 0", bank: "P0 CHANNEL A") + module(slot: "DIMM 1", bank: "P0 CHANNEL A")
      + module(slot: "ChannelB-DIMM0", bank: "BANK 2") + module(slot: "ChannelB-DIMM1", bank: "BANK 3")
      + module(size: 0, slot: "DIMM 0", bank: "P0 CHANNEL C") + module(slot: "DIMM 0", bank: "P1 CHANNEL A") + end
    #expect(try abs(#require(MemoryModules.bandwidth(table)) - 3 * 38.4) < 0.001)
  }

  @Test func `without channel names, each module is a channel`() throws {
    let table =
      module(width: 32, rate: 7500, slot: "U1", bank: "") + module(width: 32, rate: 7500, slot: "U2", bank: "")
    #expect(try abs(#require(MemoryModules.bandwidth(table)) - 60) < 0.001)
  }

  @Test func `the list of modules is used without an HMAT table`() throws {
    let recorded = try Recorded("", adding: "sys/firmware/dmi/tables/other = 1")
    let table = bios + module(slot: "DIMM 0", bank: "P0 CHANNEL A") + end
    try Data(table).write(to: recorded.place.appending(path: "sys/firmware/dmi/tables/DMI"))
    #expect(recorded.machine.processor.bandwidth == Fact(38.4, .sysfs, .derived))
  }

  @Test func `a list cut or wrong anywhere does not crash the reader`() {
    let table = bios + board + module(slot: "DIMM 0", bank: "P0 CHANNEL A") + end
    for count in 0...table.count {
      let found = MemoryModules.bandwidth(Array(table[..<count]))
      #expect(found == nil || found == 38.4)
    }
    for index in table.indices {
      for byte in [UInt8(0), 1, 0x7f, 0xff] {
        var wrong = table
        wrong[index] = byte
        let found = MemoryModules.bandwidth(wrong)
        #expect(found == nil || found.map { $0 > 0 && $0 < 10_000 } == true)
      }
    }
  }
}
