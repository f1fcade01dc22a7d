internal import CDrivers
internal import Glibc

/// The process in which one driver speaks: this program again, with other arguments.
///
/// It maps the driver, writes a report to descriptor 3, and ends. Whatever the driver does to it, the process that
/// started it lives on.
public enum DriverProcess {
  /// The first argument of such a process.
  static let argument = "--probe-driver"
  /// The descriptor that the report goes to.
  private static let report: Int32 = 3
  /// Seconds of processor time that a driver may use.
  private static let processorSeconds: UInt32 = 10

  /// Does the work and ends the process when the arguments say that it is such a one; returns otherwise. To be
  /// called first of all by a program that probes.
  public static func runIfRequested(_ arguments: [String] = CommandLine.arguments) {
    guard arguments.count == 5, arguments[1] == argument, let source = Source(rawValue: arguments[2]) else {
      return
    }
    drivers_confine(Int32(arguments[4]) ?? 0, processorSeconds)
    drivers_end(report, probe(source, arguments[3]))
    // Without the drivers' own clean-up, which is one more chance to hang.
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
