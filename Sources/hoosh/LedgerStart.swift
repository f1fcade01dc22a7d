import ArgumentParser
import Gateway
import Glibc
import Ledger
import Reactor

/// Opens the ledger at the start of `serve`.
enum LedgerStart {
  /// The time that a predecessor has to end after its drain.
  private static let extraTime = Duration.seconds(15)
  private static let pauseMicroseconds: UInt32 = 20_000

  /// Opens the configured ledger, if there is one, and gives it to a gateway. Prints the error and exits if it cannot be used.
  ///
  /// - Returns: Whether the predecessor was stopped, which had the ledger.
  static func keep(
    _ configuration: Configuration, for gateway: Gateway, after hotRestart: HotRestart
  ) throws -> Bool {
    let path = configuration.ledger.path
    if path.isEmpty { return false }
    do {
      let (ledger, hasStopped) = try open(configuration, after: hotRestart)
      try gateway.keepLedger(ledger)
      return hasStopped
    } catch let error as LedgerError {
      Terminal.printError("hoosh: cannot use the ledger \(path): \(error)")
    } catch Gateway.KeepError.ledger(let error) {
      Terminal.printError("hoosh: cannot read the ledger \(path): \(error)")
    } catch Gateway.KeepError.system(let error) {
      Terminal.printError("hoosh: cannot start the ledger's thread: \(error)")
    }
    throw ExitCode.input
  }

  /// Opens a ledger. One process owns it, so a successor waits until its predecessor has ended: meanwhile connections wait at
  /// the socket that both have.
  private static func open(
    _ configuration: Configuration, after hotRestart: HotRestart
  ) throws(LedgerError) -> (Ledger, hasStopped: Bool) {
    let settings = configuration.ledger
    let retention = LedgerRetention(
      ageMax: settings.keepDays == 0 ? nil : Int64(settings.keepDays) * 86_400_000_000,
      bytesMax: settings.bytesMax == 0 ? nil : Int64(settings.bytesMax))
    let end = ContinuousClock.now + configuration.server.drainTimeout + extraTime
    var hasStopped = false
    while true {
      do throws(LedgerError) {
        return (try Ledger(settings.path, retention: retention, now: microseconds()), hasStopped)
      } catch {
        guard hotRestart.hasPredecessor else { throw error }
        guard case .held = error, ContinuousClock.now < end else { throw error }
      }
      if !hasStopped { hotRestart.stopPredecessor() }
      hasStopped = true
      usleep(pauseMicroseconds)
    }
  }

  private static func microseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
  }
}
