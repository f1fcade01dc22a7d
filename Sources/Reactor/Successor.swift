internal import CLinux
internal import Glibc

/// A process that takes over a listening socket.
public enum Successor {
  /// Starts a program that inherits `listener` as descriptor 3. Blocks until the kernel has started it, so do not
  /// call it on the loop.
  ///
  /// - Parameter environment: A list of `NAME=VALUE` strings.
  ///
  /// - Returns: The process ID.
  @discardableResult
  public static func start(
    _ path: String, arguments: [String], environment: [String], listener: Int32
  ) throws(SystemError) -> Int32 {
    let words = unsafe Words(arguments)
    let variables = unsafe Words(environment)
    return try SystemError.check(
      unsafe linux_spawn(path, words.pointers, variables.pointers, listener), "posix_spawn \(path)")
  }

  /// Waits until a process that was started here has ended, so that it leaves no zombie. Blocks.
  public static func awaitEnd(of process: Int32) {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  /// A NULL-terminated array of C strings.
  @unsafe private final class Words {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
      unsafe count = texts.count
      unsafe pointers = .allocate(capacity: texts.count + 1)
      for (index, text) in texts.enumerated() { unsafe (pointers + index).initialize(to: strdup(text)) }
      unsafe (pointers + texts.count).initialize(to: nil)
    }

    deinit {
      for index in 0..<(unsafe count) { unsafe free(pointers[index]) }
      unsafe pointers.deallocate()
    }
  }
}
