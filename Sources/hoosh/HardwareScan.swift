import Glibc
import Probe

/// What this machine has, for the commands.
enum HardwareScan {
  /// Looks at the machine and lets its drivers speak.
  static func snapshot(asksDrivers: Bool = true, asksEveryDriver: Bool = false) -> Snapshot {
    guard let root = Root() else { return Snapshot(Machine()) }
    let machine = Probe.look(root)
    guard asksDrivers else { return Snapshot(machine, prices: prices()) }
    var inquirer = Inquirer(options(asksEveryDriver: asksEveryDriver))
    return Snapshot(inquirer.ask(machine, root), prices: prices())
  }

  /// How drivers are asked by this program: by itself, in a process of their own.
  static func options(asksEveryDriver: Bool = false) -> Inquirer.Options {
    var options = Inquirer.Options()
    options.asksEveryDriver = asksEveryDriver
    options.environment = Environment.variables
    options.memory = quarantinePath()
    return options
  }

  /// Where it is remembered which drivers crashed or hung.
  private static func quarantinePath() -> String? {
    if let cache = Environment.value("XDG_CACHE_HOME"), cache.hasPrefix("/") { return cache + "/hoosh/drivers" }
    if let home = Environment.value("HOME"), home.hasPrefix("/") { return home + "/.cache/hoosh/drivers" }
    return nil
  }

  /// The prices of the file that `HOOSH_PRICES` names, or those that come with the program.
  static func prices() -> Prices {
    guard let path = Environment.value("HOOSH_PRICES") else { return .builtIn }
    guard let json = SmallFile.read(path), let prices = Prices(json) else {
      Terminal.printError("hoosh: \(path) is no file of prices; those of \(Prices.builtIn.date) are used")
      return .builtIn
    }
    return prices
  }
}

/// A small file, read whole.
enum SmallFile {
  /// Bytes that are read at most.
  static let bytesMax = 1 << 20

  static func read(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    var count = 0
    while count < bytes.count {
      let more = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if more < 0, errno == EINTR { continue }
      if more < 0 { return nil }
      if more == 0 { break }
      count += more
    }
    return Array(bytes[..<count])
  }
}
