/// A machine as `GET /v1/hardware` and `hoosh info --json` write it: hoosh's fields, then ours.
extension Snapshot {
  public var json: [UInt8] {
    var out = JSONWriter()
    out.object { out in
      out.array("accelerators") { out in
        for device in machine.usable { out.object { Self.accelerator(device, &$0) } }
      }
      out.member("total_vram_bytes", deviceBytes)
      out.member("available_vram_bytes", freeBytes)
      out.member("vram_reserve_bytes", reserve)
      out.member("has_fast_interconnect", machine.usable.contains { !$0.peers.isEmpty })
      environment(&out)
      processor(&out)
      memory(&out)
      out.array("devices") { out in for device in machine.devices { out.object { Self.device(device, &$0) } } }
      fabric(&out)
      out.array("drivers") { out in
        for probe in machine.driverProbes {
          out.object { out in
            out.member("driver", probe.source.rawValue)
            out.member("devices", probe.devices)
            out.member("milliseconds", probe.milliseconds)
            out.member("result", Summary.said(probe))
          }
        }
      }
    }
    return out.bytes
  }

  private static func accelerator(_ device: Device, _ out: inout JSONWriter) {
    let total = device.memory?.value ?? 0
    let free = device.free?.value ?? total
    out.member("name", device.name.value)
    out.member("family", device.family)
    out.member("memory_bytes", total)
    out.member("memory_used_bytes", max(0, total - free))
    out.member("memory_free_bytes", free)
    telemetry(device, &out)
    out.member("bandwidth_gbps", device.bandwidth?.value)
  }

  static func telemetry(_ device: Device, _ out: inout JSONWriter) {
    out.member("utilization_pct", device.telemetry.busyPercent)
    out.member("temperature_c", device.telemetry.celsius)
    out.member("power_watts", device.telemetry.watts)
  }

  private static func fact(_ name: String, _ fact: Fact<Int>?, _ out: inout JSONWriter) {
    guard let fact else { return }
    out.object(name) { out in
      out.member("value", fact.value)
      source(fact.source, fact.confidence, &out)
    }
  }

  private static func fact(_ name: String, _ fact: Fact<String>?, _ out: inout JSONWriter) {
    guard let fact else { return }
    out.object(name) { out in
      out.member("value", fact.value)
      source(fact.source, fact.confidence, &out)
    }
  }

  private static func source(_ source: Source, _ confidence: Confidence, _ out: inout JSONWriter) {
    out.member("source", source.rawValue)
    out.member("confidence", confidence.name)
  }

  private static func device(_ device: Device, _ out: inout JSONWriter) {
    out.member("id", device.id)
    out.member("kind", device.kind.rawValue)
    out.member("vendor", device.vendor)
    fact("name", device.name, &out)
    out.member("pci_address", device.address?.description)
    out.member("pci_id", device.identity)
    fact("uuid", device.uuid, &out)
    out.member("render_node", device.renderMinor.map { "/dev/dri/renderD\($0)" })
    out.member("kernel_driver", device.kernelDriver)
    fact("driver_version", device.driverVersion, &out)
    fact("architecture", device.architecture, &out)
    fact("memory_bytes", device.memory, &out)
    fact("memory_free_bytes", device.free, &out)
    out.member("memory_is_shared", device.isUnified)
    if let bandwidth = device.bandwidth {
      out.object("bandwidth_gbps") { out in
        out.member("value", bandwidth.value)
        source(bandwidth.source, bandwidth.confidence, &out)
      }
    }
    if let link = device.link {
      out.object("pcie") { out in
        out.member("gigatransfers", link.gigatransfers)
        out.member("lanes", link.lanes)
        out.member("theoretical_gbps", link.gigabytesPerSecond)
        out.member("current_gigatransfers", link.currentGigatransfers)
      }
    }
    out.array("peers") { out in
      for peer in device.peers {
        out.object { out in
          out.member("pci_address", peer.address?.description)
          out.member("kind", peer.kind)
          out.member("gbps", peer.gigabytesPerSecond)
        }
      }
    }
    out.member("numa_node", device.numaNode)
    out.member("asleep", device.isAsleep)
    out.list("backends", device.backends.sorted().map(\.rawValue))
    vulkan(device, &out)
    telemetry(device, &out)
    out.member("power_limit_watts", device.telemetry.wattsMax)
    out.member("usable", device.isUsable)
    out.member("not_used_because", device.exclusion)
    out.list("advice", device.advice)
  }

  private static func vulkan(_ device: Device, _ out: inout JSONWriter) {
    guard let vulkan = device.vulkan else { return }
    out.object("vulkan") { out in
      out.member("api", vulkan.apiVersion)
      out.member("driver", vulkan.driver)
      out.member("subgroup_size", vulkan.subgroupSize)
      out.member("storage_16_bit", vulkan.has16BitStorage)
      out.member("float_16", vulkan.hasFloat16)
      out.member("matrix_shape", vulkan.matrixShape)
      out.member("largest_buffer_bytes", vulkan.largestBuffer)
    }
  }

  private func environment(_ out: inout JSONWriter) {
    let place = machine.environment
    out.object("environment") { out in
      out.member("is_docker", place.isContainer)
      out.member("is_kubernetes", place.isKubernetes)
      out.member("is_wsl", place.isWSL)
      out.member("is_virtual_machine", place.isVirtualMachine)
      out.member("cloud_provider", place.cloud)
      out.member("product", place.product)
    }
  }

  private func processor(_ out: inout JSONWriter) {
    let processor = machine.processor
    out.object("processor") { out in
      out.member("name", processor.name)
      out.member("threads", processor.threads)
      out.member("cores", processor.cores)
      out.member("fast_cores", processor.fastCores)
      out.member("quota", processor.quota)
      out.member("decode_threads", processor.decodeThreads)
      out.list("features", processor.features)
      out.array("numa_nodes") { out in
        for node in processor.numaNodes {
          out.object { out in
            out.member("id", node.id)
            out.member("processors", node.processors)
            out.member("memory_bytes", node.memory)
            out.member("memory_free_bytes", node.free)
          }
        }
      }
    }
  }

  private func memory(_ out: inout JSONWriter) {
    let memory = machine.memory
    out.object("memory") { out in
      out.member("installed_bytes", memory.installed)
      Self.fact("total_bytes", memory.total, &out)
      Self.fact("available_bytes", memory.available, &out)
      out.member("swap_bytes", memory.swap)
      out.member("swap_free_bytes", memory.swapFree)
      out.member("lockable_bytes", memory.lockable)
      out.member("transparent_huge_pages", memory.transparentHugePages)
      out.member("on_nodes_without_processors_bytes", memory.distant)
    }
  }

  private func fabric(_ out: inout JSONWriter) {
    out.array("fabric") { out in
      for port in machine.fabric {
        out.object { out in
          out.member("device", port.device)
          out.member("port", port.port)
          out.member("gigabits_per_second", port.gigabitsPerSecond)
          out.member("active", port.isActive)
          out.member("layer", port.layer)
        }
      }
    }
  }
}

extension Plan {
  /// A plan as endpoints and `hoosh fit --json` write it.
  public func write(_ out: inout JSONWriter) {
    out.member("manner", mode.rawValue)
    out.member("fits", fits)
    out.member("device_bytes", shares.reduce(0) { $0.plus($1.bytes) })
    out.member("host_bytes", hostBytes)
    out.member("cache_bytes", demand.cache)
    out.member("compute_bytes", demand.compute)
    out.array("shares") { out in
      for share in shares {
        out.object { out in
          out.member("device", share.device)
          out.member("name", share.name)
          out.member("layers", share.layers)
          out.member("bytes", share.bytes)
          out.member("has_output", share.hasOutput)
        }
      }
    }
    out.member("layers_in_memory", layersInMemory)
    out.member("expert_layers_in_memory", expertLayersInMemory)
    if let speed = tokensPerSecond {
      out.member("tokens_per_second_from", speed.lowerBound)
      out.member("tokens_per_second_to", speed.upperBound)
    }
    out.list("reasons", reasons)
    out.list("advice", advice)
  }
}
