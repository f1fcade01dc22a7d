internal import CLinux
internal import Glibc

/// A process that takes a listening socket over.
public enum Successor {
  /// Starts a program that finds `listener` as its descriptor 3. Waits for the kernel, so not for the loop.
  ///
  /// - Parameter environment: `NAME=VALUE` each.
  /// - Returns: its process id.
  @discardableResult
  public static func start(
    _ path: String, arguments: [String], environment: [String], listener: Int32
  ) throws(SystemError) -> Int32 {
    let words = unsafe Words(arguments)
    let variables = unsafe Words(environment)
    return try SystemError.check(
      unsafe linux_spawn(path, words.pointers, variables.pointers, listener), "posix_spawn \(path)")
  }

  /// Texts as C wants a list of them.
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
