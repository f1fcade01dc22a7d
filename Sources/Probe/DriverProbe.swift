/// The result of probing one driver in a process of its own.
public struct DriverProbe: Sendable, Equatable {
  /// How a probe ended.
  public enum Outcome: Sendable, Equatable {
    case answered
    /// The driver is not installed, or has no device: normal on most machines.
    case unavailable(String)
    /// The driver returned an error.
    case failed(String)
    /// The driver ended its process.
    case crashed(String)
    /// The driver missed the deadline, and its process was killed.
    case hung
    /// The process could not be killed, because the kernel waits for the device. Not probed again before the next
    /// boot.
    case stuck
    /// The driver was not probed, because of the outcome of an earlier probe.
    case quarantined(String)
  }

  public var source: Source
  public var outcome: Outcome
  public var milliseconds: Double
  /// Devices in the driver's report.
  public var devices: Int

  /// The result in one line, as `hoosh info` prints it.
  public var summary: String {
    let result =
      switch outcome {
      case .answered: "described \(Summary.count(devices, "device"))"
      case .unavailable(let reason), .failed(let reason): reason
      case .crashed(let how): "crashed (\(how)); quarantined"
      case .hung: "did not answer in time; quarantined"
      case .stuck: "hangs in the kernel; quarantined until the next boot"
      case .quarantined(let reason): "not probed: \(reason)"
      }
    return "\(source.rawValue): \(result) in \(Summary.number(milliseconds)) ms"
  }
}
