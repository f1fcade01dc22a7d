internal import CDrivers
internal import Glibc

/// The child process that probes one driver: this program, started again with other arguments.
///
/// It loads the driver, writes a report to descriptor 3, and exits. A driver that crashes takes only this process
/// down.
public enum DriverProcess {
  /// The first argument of a driver process.
  static let argument = "--probe-driver"
  /// The descriptor of the report.
  private static let report: Int32 = 3
  /// The limit on processor time, in seconds.
  private static let processorSeconds: UInt32 = 10

  /// Probes a driver and exits if the arguments request it; returns otherwise. A program that probes drivers must
  /// call this first.
  public static func runIfRequested(_ arguments: [String] = CommandLine.arguments) {
    guard arguments.count == 5, arguments[1] == argument, let source = Source(rawValue: arguments[2]) else {
      return
    }
    drivers_confine(Int32(arguments[4]) ?? 0, processorSeconds)
    drivers_end(report, probe(source, arguments[3]))
    // Skip the driver's exit handlers, which can hang.
    _exit(0)
  }

  private static func probe(_ source: Source, _ library: String) -> Int32 {
    switch source {
    case .nvml: unsafe drivers_probe_nvml(report, library)
    case .rocmSMI: unsafe drivers_probe_rocm_smi(report, library)
    case .levelZero: unsafe drivers_probe_level_zero(report, library)
    case .vulkan: VulkanLoader.report(to: report, library: library)
    default: Int32(DRIVERS_NO_LIBRARY)
    }
  }
}
