internal import CLinux

/// A thread for blocking work, such as files, drivers, and DNS lookups. It reports results through a `Mailbox`.
public enum Worker {
  private final class Job {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Runs `body` on a new thread with all signals blocked.
  public static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let job = unsafe Unmanaged.passRetained(Job(body)).toOpaque()
    let result = unsafe linux_start_thread(run, job)
    if result < 0 {
      unsafe Unmanaged<Job>.fromOpaque(job).release()
      throw SystemError("pthread_create", -result)
    }
  }
}

private func run(_ context: UnsafeMutableRawPointer?) {
  guard let context = unsafe context else { return }
  unsafe Worker.perform(context)
}

extension Worker {
  fileprivate static func perform(_ context: UnsafeMutableRawPointer) {
    unsafe Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
  }
}
