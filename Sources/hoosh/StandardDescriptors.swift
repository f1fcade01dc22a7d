import Glibc

/// Standard input, output, and error, which a supervisor may have closed.
enum StandardDescriptors {
  /// Gives every closed one of the numbers 0 to 2 to the null device, so that no socket or file gets it.
  ///
  /// The device is opened in the wrong direction: reading a closed input and writing to a closed output stay errors.
  static func reserve() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is this one.
      _ = unsafe open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
