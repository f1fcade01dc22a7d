import CLoad
import Glibc

/// A child process that ends with this one.
struct Child {
  let process: Int32

  init(_ arguments: [String], core: Int32, output: String) throws(LoadError) {
    var pointers = arguments.map { UnsafePointer(strdup($0)) }
    defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
    pointers.append(nil)
    process = try LoadError.check(load_spawn(pointers, core, output), "fork")
  }

  /// Waits until the process listens on the port.
  func listens(on port: UInt16, output: String) throws(LoadError) {
    let limit = load_now() + 10_000_000_000
    while load_now() < limit {
      guard waitpid(process, nil, WNOHANG) == 0 else { break }
      let descriptor = load_connect(1, port)
      if descriptor >= 0 {
        usleep(1000)
        var probe = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let isThere = poll(&probe, 1, 100) == 1 && load_connected(descriptor) == 0
        close(descriptor)
        if isThere { return }
      }
      usleep(5000)
    }
    throw LoadError("no process listens on port \(port):\n\(Meter.text(output))")
  }

  /// Stops the process and waits for its end.
  func stop() {
    kill(process, SIGTERM)
    for turn in 0..<200 {
      if waitpid(process, nil, WNOHANG) != 0 { return }
      // A second signal ends a drain.
      if turn == 10 { kill(process, SIGTERM) }
      usleep(10_000)
    }
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
  }
}
