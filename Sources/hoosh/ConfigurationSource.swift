import ArgumentParser
import Gateway
import Glibc
import Reactor

/// The source of the configuration: a given file, `hoosh.toml` in the current folder, or automatic discovery.
enum ConfigurationSource {
  /// The file that is used if none is given.
  static let defaultName = "hoosh.toml"

  /// A configuration and its origin.
  struct Loaded {
    var configuration: Configuration
    /// The path of the file, or the reason why there is none.
    var origin: String
    /// The discovery of the configuration, if it is from no file.
    var discovery: Discovery?
    /// Whether the configuration comes from a file.
    var isFile: Bool { discovery == nil }
  }

  /// Loads the configuration. Prints the errors and exits if it is invalid, or if its file is there but cannot be read.
  ///
  /// - Parameter ownPorts: the ports of this gateway, where discovery would find the gateway itself.
  static func load(_ path: String?, ownPorts: Set<UInt16> = []) throws -> Loaded {
    let isFound = path == nil
    if let path = path ?? (isAbsent(defaultName) ? nil : defaultName) {
      do throws(LoadError) {
        if isFound { try ConfigurationFile.checkOwner(path, named: path) }
        let configuration = try configuration(try ConfigurationFile.read(path), path)
        let warnings =
          [configuration.warningWithoutProviders(file: path)].compactMap(\.self) + configuration.warnings
        for warning in warnings { Terminal.printError("\(warning)") }
        return Loaded(configuration: configuration, origin: path)
      } catch {
        switch error {
        case .unreadable(let message):
          Terminal.printError(message)
          throw ExitCode.input
        case .invalid(let errors):
          Terminal.printError("\(errors)")
          throw ExitCode.configuration
        }
      }
    }
    let discovery = Discovery(ownPorts: ownPorts)
    return Loaded(configuration: discovery.run(), origin: "no \(defaultName) here", discovery: discovery)
  }

  /// Returns whether a name does not exist. A file that may not be read, and a link that leads nowhere, do.
  private static func isAbsent(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) != 0 && errno == ENOENT
  }

  /// The reason why a configuration cannot be loaded.
  enum LoadError: Error {
    case unreadable(String)
    case invalid(ConfigurationErrors)
  }

  private static func configuration(_ text: [UInt8], _ path: String) throws(LoadError) -> Configuration {
    do throws(ConfigurationErrors) {
      let configuration = try Configuration.read(
        text: text, file: path, environment: Environment.variables,
        zoneFile: { SmallFile.read("/usr/share/zoneinfo/" + $0) })
      try configuration.checkRoutes(file: path)
      return configuration
    } catch {
      throw .invalid(error)
    }
  }

  /// Reads the file at `absolutePath` again, once its writes have settled, for a running gateway. Errors name `path`.
  ///
  /// - Parameter isFound: whether the file was found, and not named by the operator.
  static func reload(
    _ path: String, at absolutePath: String, isFound: Bool
  ) -> Result<Configuration, ConfigurationErrors> {
    do throws(LoadError) {
      if isFound { try ConfigurationFile.checkOwner(absolutePath, named: path) }
      return .success(try configuration(try ConfigurationFile.readSettled(absolutePath, named: path), path))
    } catch {
      switch error {
      case .unreadable(let message):
        return .failure(ConfigurationErrors([ConfigurationError(file: path, message: message)]))
      case .invalid(let errors): return .failure(errors)
      }
    }
  }
}
