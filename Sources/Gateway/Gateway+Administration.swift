public import Reactor

/// The listener for administration, if it has one of its own.
extension Gateway {
  /// The time between two tries to listen, and how many there are.
  private static let retryTime = Duration.milliseconds(100)
  private static let triesMax = 100

  /// Listens for administration as configured; returns the port, or `nil` if it has no listener of its own.
  ///
  /// - Parameter waits: Whether a predecessor is about to free the address, so that one in use is tried again.
  /// - Throws: If the address cannot be used.
  @discardableResult
  public func listenForAdministration(waits: Bool = false) throws(SystemError) -> Int? {
    guard let admin = settings.configuration.admin else { return nil }
    do throws(SystemError) {
      return Int(try reactor.listenSecond(address: admin.bind, port: UInt16(clamping: admin.port)))
    } catch {
      guard waits, error.isAddressInUse, administrationTries < Self.triesMax else { throw error }
      administrationTries += 1
      _ = reactor.setTimer(at: reactor.now + Self.retryTime, tag: TimerKind.adminListener.tag)
      return nil
    }
  }

  /// Tries again to listen for administration, and tells the operator if that fails for good.
  func retryAdministration() {
    if connections.isDraining { return }
    do throws(SystemError) { try listenForAdministration(waits: true) } catch {
      recorder.notify("hoosh: cannot listen for administration: \(error)")
    }
  }
}
