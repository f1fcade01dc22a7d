/// Turns the end of a driver's process into an outcome.
enum DriverOutcomes {
  /// Returns the outcome of a probe, from its report and the end of its process.
  static func outcome(_ report: DriverReport, _ end: ChildProcess.End, _ source: Source) -> DriverProbe.Outcome {
    switch end {
    case .killed: return .hung
    case .stuck: return .stuck
    default: break
    }
    if let code = report.code { return code == 0 ? .answered : outcome(of: code, source) }
    switch end {
    case .signalled(let signal): return .crashed("signal \(signal)")
    case .exited(let status): return .crashed("ended its process with \(status)")
    default: return .crashed("no status")
    }
  }

  private static func outcome(of code: Int, _ source: Source) -> DriverProbe.Outcome {
    // VkResult codes are negative too, so those of CVulkan start at -100.
    let shim = source == .vulkan ? code + 99 : code
    switch (source, code) {
    case (.vulkan, -9): return .unavailable("no Vulkan driver for this machine")
    case (_, _) where shim == -1: return .unavailable("its library is not installed")
    case (_, _) where shim == -2: return .unavailable("its library lacks the expected functions")
    case (.nvml, _): return .failed(nvml(code))
    default: return .failed("code \(code)")
    }
  }

  /// Returns an NVML error code as text. Source: NVML API Reference Guide, nvmlReturn_t.
  static func nvml(_ code: Int) -> String {
    switch code {
    case 3: "not supported"
    case 4: "no permission"
    case 9: "NVIDIA's kernel driver is not loaded"
    case 10: "the device did not answer in time"
    case 12: "NVIDIA's library is missing"
    case 13: "NVIDIA's library is too old"
    case 15: "the GPU has fallen off the bus: restart the machine"
    case 16: "the GPU needs a reset"
    case 17: "the operating system blocks access to the GPU"
    case 18: "the library and the kernel driver have different versions: restart after the update"
    default: "NVML returned code \(code)"
    }
  }
}
