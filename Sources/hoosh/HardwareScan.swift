import Glibc
import Probe

/// The hardware of this machine, for the commands.
enum HardwareScan {
  /// Scans the machine and, by default, probes its drivers.
  static func snapshot(probesDrivers: Bool = true, probesEveryDriver: Bool = false) -> Snapshot {
    guard let files = SystemFiles() else { return Snapshot(Machine()) }
    let machine = Probe.scan(files)
    guard probesDrivers else { return Snapshot(machine, prices: prices()) }
    var prober = DriverProber(options(probesEveryDriver: probesEveryDriver))
    return Snapshot(prober.probe(machine, files), prices: prices())
  }

  /// Returns the options for driver probes, which run in a child process.
  static func options(probesEveryDriver: Bool = false) -> DriverProber.Options {
    var options = DriverProber.Options()
    options.probesEveryDriver = probesEveryDriver
    options.environment = Environment.variables
    options.quarantinePath = quarantinePath()
    return options
  }

  /// Returns the path of the file that stores the drivers in quarantine, or `nil` if there is no home folder.
  private static func quarantinePath() -> String? {
    if let cache = Environment.value("XDG_CACHE_HOME"), cache.hasPrefix("/") { return cache + "/hoosh/drivers" }
    if let home = Environment.value("HOME"), home.hasPrefix("/") { return home + "/.cache/hoosh/drivers" }
    return nil
  }

  /// Returns the prices in the file that `HOOSH_PRICES` names, or the built-in ones.
  static func prices() -> Prices {
    guard let path = Environment.value("HOOSH_PRICES") else { return .builtIn }
    guard let json = SmallFile.read(path), let prices = Prices(json) else {
      Terminal.printError(
        "hoosh: \(path) is not a valid price file; using the built-in prices of \(Prices.builtIn.date)")
      return .builtIn
    }
    return prices
  }
}
