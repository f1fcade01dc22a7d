extension Machine {
  /// The machine with devices of the given memory sizes added, and without its first usable devices: for a what-if.
  public func edited(adding added: [Int], removingFirst removed: Int = 0) -> Machine {
    var machine = self
    var left = removed
    machine.devices.removeAll { device in
      guard device.isUsable, left > 0 else { return false }
      left -= 1
      return true
    }
    for (index, bytes) in added.enumerated() {
      var device = Device(
        kind: .discreteGPU, vendor: "what if", name: Fact("device \(index + 1) of a what-if", .edited))
      device.uuid = Fact("what-if-\(index + 1)", .edited)
      device.memory = Fact(bytes, .edited)
      device.free = Fact(bytes, .edited)
      device.backends = [.cuda]
      machine.devices.append(device)
    }
    return machine
  }
}
