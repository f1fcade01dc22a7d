import ArgumentParser
import Gateway
import Glibc
import Reactor

/// The source of the configuration: a given file, `hoosh.toml` in the current folder, or automatic discovery.
enum ConfigurationSource {
  /// The file that is used if none is given.
  static let defaultName = "hoosh.toml"
  /// The largest configuration file, in bytes.
  static let bytesMax = 1024 * 1024

  /// A configuration and its origin.
  struct Loaded {
    var configuration: Configuration
    /// The path of the file, or the reason why there is none.
    var origin: String
    /// Whether the configuration comes from a file.
    var isFile = true
    /// The local servers that were found, if there is no file.
    var found: [ProviderKind] = []
  }

  /// Loads the configuration. Prints the errors and exits if it is invalid.
  static func load(_ path: String?) throws -> Loaded {
    let environment = Environment.variables
    if let path = unsafe path ?? (access(defaultName, R_OK) == 0 ? defaultName : nil) {
      do throws(LoadError) {
        let configuration = try configuration(path, environment)
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
    let found = [ProviderKind.ollama, .llamaCpp, .lmStudio, .vllm].filter { kind in
      guard let port = port(kind.row.baseURL) else { return false }
      return Reactor.answers(loopbackPort: port, within: .milliseconds(50))
    }
    let configuration = Configuration.discovered(found: found, environment: environment)
    return Loaded(configuration: configuration, origin: "no \(defaultName) here", isFile: false, found: found)
  }

  private static func port(_ url: String?) -> UInt16? {
    url?.split(separator: ":").last.flatMap { UInt16($0) }
  }

  /// The reason why a configuration cannot be loaded.
  private enum LoadError: Error {
    case unreadable(String)
    case invalid(ConfigurationErrors)
  }

  private static func configuration(_ path: String, _ environment: [String: String]) throws(LoadError)
    -> Configuration
  {
    let text = try read(path)
    do throws(ConfigurationErrors) {
      let configuration = try Configuration.read(text: text, file: path, environment: environment)
      try configuration.checkRoutes(file: path)
      return configuration
    } catch {
      throw .invalid(error)
    }
  }

  /// Reads the file again, for a running gateway.
  static func reload(_ path: String) -> Result<Configuration, ConfigurationErrors> {
    do throws(LoadError) {
      return .success(try configuration(path, Environment.variables))
    } catch {
      switch error {
      case .unreadable(let message):
        return .failure(ConfigurationErrors([ConfigurationError(file: path, message: message)]))
      case .invalid(let errors): return .failure(errors)
      }
    }
  }

  private static func read(_ path: String) throws(LoadError) -> [UInt8] {
    // Without O_NONBLOCK, opening a FIFO would block until a writer opens it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable("\(path): \(unsafe String(cString: strerror(errno)))") }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable("\(path): not a regular file")
    }
    var text = [UInt8](repeating: 0, count: bytesMax + 1)
    var count = 0
    while count < text.count {
      let more = unsafe text.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if more < 0, errno == EINTR { continue }
      if more < 0 { throw .unreadable("\(path): \(unsafe String(cString: strerror(errno)))") }
      if more == 0 { break }
      count += more
    }
    guard count <= bytesMax else {
      let message = "the file is larger than \(bytesMax) bytes, the limit for a configuration"
      throw .invalid(ConfigurationErrors([ConfigurationError(file: path, message: message)]))
    }
    return Array(text[..<count])
  }
}
