public import Probe

extension Snapshot {
  /// The machine as JSON, as `GET /v1/hardware` and `hoosh info --json` write it.
  ///
  /// The first four members are those that clients of ai-hwaccel know; the rest add detail.
  public var json: [UInt8] {
    Writer.document { out in
      Writer.array("accelerators", to: &out) { out in
        for device in machine.usable { Writer.object(to: &out) { device.writeAccelerator(to: &$0) } }
      }
      Writer.member("total_vram_bytes", deviceBytes, to: &out)
      Writer.member("available_vram_bytes", freeBytes, to: &out)
      Writer.member("vram_reserve_bytes", reserve, to: &out)
      Writer.member("has_fast_interconnect", machine.usable.contains { !$0.peers.isEmpty }, to: &out)
      Writer.object("environment", to: &out) { machine.environment.write(to: &$0) }
      Writer.object("processor", to: &out) { machine.processor.write(to: &$0) }
      Writer.object("memory", to: &out) { machine.memory.write(to: &$0) }
      Writer.array("devices", to: &out) { out in
        for device in machine.devices { Writer.object(to: &out) { device.write(to: &$0) } }
      }
      Writer.array("fabric", to: &out) { out in
        for port in machine.fabric { Writer.object(to: &out) { port.write(to: &$0) } }
      }
      Writer.array("drivers", to: &out) { out in
        for probe in machine.driverProbes { Writer.object(to: &out) { probe.write(to: &$0) } }
      }
    }
  }
}

extension Device {
  /// Appends the device's load, temperature, and power, where they are known.
  func writeTelemetry(to out: inout [UInt8]) {
    Writer.member("utilization_pct", ifAny: telemetry.busyPercent, to: &out)
    Writer.member("temperature_c", ifAny: telemetry.celsius, to: &out)
    Writer.member("power_watts", rounded: telemetry.watts, to: &out)
  }

  fileprivate func writeAccelerator(to out: inout [UInt8]) {
    let total = memory?.value ?? 0
    let free = self.free?.value ?? total
    Writer.member("name", name.value, to: &out)
    Writer.member("family", family, to: &out)
    Writer.member("memory_bytes", total, to: &out)
    Writer.member("memory_used_bytes", max(0, total - free), to: &out)
    Writer.member("memory_free_bytes", free, to: &out)
    writeTelemetry(to: &out)
    Writer.member("bandwidth_gbps", rounded: bandwidth?.value, to: &out)
  }

  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("id", id, to: &out)
    Writer.member("kind", kind.rawValue, to: &out)
    Writer.member("vendor", vendor, to: &out)
    Writer.fact("name", name, to: &out)
    Writer.member("pci_address", ifAny: address?.description, to: &out)
    Writer.member("pci_id", ifAny: identity, to: &out)
    Writer.fact("uuid", uuid, to: &out)
    Writer.member("render_node", ifAny: renderMinor.map { "/dev/dri/renderD\($0)" }, to: &out)
    Writer.member("kernel_driver", ifAny: kernelDriver, to: &out)
    Writer.fact("driver_version", driverVersion, to: &out)
    Writer.fact("architecture", architecture, to: &out)
    Writer.fact("memory_bytes", memory, to: &out)
    Writer.fact("memory_free_bytes", free, to: &out)
    Writer.member("memory_is_shared", isUnified, to: &out)
    if let bandwidth {
      Writer.object("bandwidth_gbps", to: &out) { out in
        Writer.member("value", rounded: bandwidth.value, to: &out)
        Writer.source(of: bandwidth, to: &out)
      }
    }
    if let link {
      Writer.object("pcie", to: &out) { out in
        Writer.member("gigatransfers", rounded: link.gigatransfers, to: &out)
        Writer.member("lanes", link.lanes, to: &out)
        Writer.member("theoretical_gbps", rounded: link.gigabytesPerSecond, to: &out)
        Writer.member("current_gigatransfers", rounded: link.currentGigatransfers, to: &out)
      }
    }
    Writer.array("peers", to: &out) { out in
      for peer in peers {
        Writer.object(to: &out) { out in
          Writer.member("pci_address", ifAny: peer.address?.description, to: &out)
          Writer.member("kind", peer.kind, to: &out)
          Writer.member("gbps", rounded: peer.gigabytesPerSecond, to: &out)
        }
      }
    }
    Writer.member("numa_node", ifAny: numaNode, to: &out)
    Writer.member("asleep", isAsleep, to: &out)
    Writer.member("backends", backends.sorted().map(\.rawValue), to: &out)
    if let vulkan { Writer.object("vulkan", to: &out) { vulkan.write(to: &$0) } }
    writeTelemetry(to: &out)
    Writer.member("power_limit_watts", rounded: telemetry.wattsMax, to: &out)
    Writer.member("usable", isUsable, to: &out)
    Writer.member("not_used_because", ifAny: exclusion, to: &out)
    Writer.member("advice", advice, to: &out)
  }
}

extension Device.VulkanFacts {
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("api", apiVersion, to: &out)
    Writer.member("driver", driver, to: &out)
    Writer.member("subgroup_size", subgroupSize, to: &out)
    Writer.member("storage_16_bit", has16BitStorage, to: &out)
    Writer.member("float_16", hasFloat16, to: &out)
    Writer.member("matrix_shape", ifAny: matrixShape, to: &out)
    Writer.member("largest_buffer_bytes", largestBuffer, to: &out)
  }
}

extension RuntimeEnvironment {
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("is_docker", isContainer, to: &out)
    Writer.member("is_kubernetes", isKubernetes, to: &out)
    Writer.member("is_wsl", isWSL, to: &out)
    Writer.member("is_virtual_machine", isVirtualMachine, to: &out)
    Writer.member("cloud_provider", ifAny: cloud, to: &out)
    Writer.member("product", ifAny: product, to: &out)
  }
}

extension Processor {
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("name", name, to: &out)
    Writer.member("threads", threads, to: &out)
    Writer.member("cores", cores, to: &out)
    Writer.member("fast_cores", fastCores, to: &out)
    Writer.member("quota", rounded: quota, to: &out)
    Writer.member("decode_threads", decodeThreads, to: &out)
    Writer.member("features", features, to: &out)
    Writer.array("numa_nodes", to: &out) { out in
      for node in numaNodes {
        Writer.object(to: &out) { out in
          Writer.member("id", node.id, to: &out)
          Writer.member("processors", node.processors, to: &out)
          Writer.member("memory_bytes", node.memory, to: &out)
          Writer.member("memory_free_bytes", node.free, to: &out)
        }
      }
    }
  }
}

extension HostMemory {
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("installed_bytes", installed, to: &out)
    Writer.fact("total_bytes", total, to: &out)
    Writer.fact("available_bytes", available, to: &out)
    Writer.member("swap_bytes", swap, to: &out)
    Writer.member("swap_free_bytes", swapFree, to: &out)
    Writer.member("lockable_bytes", ifAny: lockable, to: &out)
    Writer.member("transparent_huge_pages", ifAny: transparentHugePages, to: &out)
    Writer.member("on_nodes_without_processors_bytes", distant, to: &out)
  }
}

extension FabricPort {
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("device", device, to: &out)
    Writer.member("port", port, to: &out)
    Writer.member("gigabits_per_second", rounded: gigabitsPerSecond, to: &out)
    Writer.member("active", isActive, to: &out)
    Writer.member("layer", layer, to: &out)
  }
}

extension DriverProbe {
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("driver", source.rawValue, to: &out)
    Writer.member("devices", devices, to: &out)
    Writer.member("milliseconds", rounded: milliseconds, to: &out)
    Writer.member("result", summary, to: &out)
  }
}

extension Writer {
  fileprivate static func fact(_ name: StaticString, _ fact: Fact<Int>?, to out: inout [UInt8]) {
    guard let fact else { return }
    object(name, to: &out) { out in
      member("value", fact.value, to: &out)
      source(of: fact, to: &out)
    }
  }

  fileprivate static func fact(_ name: StaticString, _ fact: Fact<String>?, to out: inout [UInt8]) {
    guard let fact else { return }
    object(name, to: &out) { out in
      member("value", fact.value, to: &out)
      source(of: fact, to: &out)
    }
  }

  fileprivate static func source<Value>(of fact: Fact<Value>, to out: inout [UInt8]) {
    member("source", fact.source.rawValue, to: &out)
    member("confidence", fact.confidence.name, to: &out)
  }
}
