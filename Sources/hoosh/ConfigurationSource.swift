import ArgumentParser
import Gateway
import Glibc
import Reactor

/// Where the configuration comes from: a file that was named, `hoosh.toml` here, or what is found.
enum ConfigurationSource {
  /// The file that is looked for when none is named.
  static let usualName = "hoosh.toml"
  /// Bytes of a configuration file.
  static let bytesMax = 1024 * 1024

  /// A configuration and where it is from, in words.
  struct Loaded {
    var configuration: Configuration
    var origin: String
    /// Whether it is from a file.
    var isFile = true
    /// The local servers that answered, when there was no file.
    var found: [ProviderKind] = []
  }

  /// Reads the configuration; complains and exits when it is wrong.
  static func load(_ path: String?) throws -> Loaded {
    let environment = Environment.variables
    if let path = unsafe path ?? (access(usualName, R_OK) == 0 ? usualName : nil) {
      let text = try read(path)
      do throws(ConfigurationFaults) {
        let configuration = try Configuration.read(text: text, file: path, environment: environment)
        return Loaded(configuration: configuration, origin: path)
      } catch {
        Terminal.complain("\(error)")
        throw ExitCode.configuration
      }
    }
    let found = [ProviderKind.ollama, .llamaCpp, .lmStudio, .vllm].filter { kind in
      guard let port = port(kind.row.baseURL) else { return false }
      return Reactor.answers(loopbackPort: port, within: .milliseconds(50))
    }
    let configuration = Configuration.discovered(found: found, environment: environment)
    return Loaded(configuration: configuration, origin: "no \(usualName) here", isFile: false, found: found)
  }

  private static func port(_ url: String?) -> UInt16? {
    url?.split(separator: ":").last.flatMap { UInt16($0) }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    // A pipe without a writer would be waited for.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      Terminal.complain("\(path): \(unsafe String(cString: strerror(errno)))")
      throw ExitCode.input
    }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      Terminal.complain("\(path): is not a file")
      throw ExitCode.input
    }
    var text = [UInt8](repeating: 0, count: bytesMax + 1)
    var count = 0
    while count < text.count {
      let more = unsafe text.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if more < 0, errno == EINTR { continue }
      if more < 0 {
        Terminal.complain("\(path): \(unsafe String(cString: strerror(errno)))")
        throw ExitCode.input
      }
      if more == 0 { break }
      count += more
    }
    guard count <= bytesMax else {
      Terminal.complain("\(path): larger than \(bytesMax) bytes, so it cannot be a configuration")
      throw ExitCode.configuration
    }
    return Array(text[..<count])
  }
}
