import Gateway
import Glibc
import Reactor

/// The key file on the disk: checked when it is read, and replaced as a whole when it is changed.
struct KeyFileStore: Sendable {
  /// How long a change waits for another one.
  private static let lockTries = 500
  private static let lockMicroseconds: UInt32 = 20_000
  /// The permissions of the file: its owner may read and write it.
  private static let mode: mode_t = 0o600

  /// The path as it was given, for messages.
  let name: String
  /// A path that does not depend on the current folder.
  let path: String

  init(_ name: String) {
    self.name = name
    path = ConfigurationFile.absolute(name)
  }

  // MARK: Reading

  /// Reads the file. Returns `nil` if there is none.
  ///
  /// - Parameter user: Besides root, the only owner that the file and its folder may have. Root may read those of another user,
  ///   if no third one can replace the file.
  func load(for user: uid_t = geteuid()) throws(KeyError) -> KeyFile? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("cannot read it")
    }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("cannot read it") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw untrusted("it is no regular file") }
    if user != 0, status.st_uid != user, status.st_uid != 0 { throw untrusted("it belongs to another user") }
    guard status.st_mode & 0o077 == 0 else {
      throw untrusted("others may read or write it; run: chmod 600 \(name)")
    }
    try checkFolders(user == 0 ? status.st_uid : user)
    guard let text = SmallFile.readAll(descriptor, bytesMax: KeyFile.bytesMax) else {
      throw failure("cannot read it")
    }
    do throws(KeyError) { return try KeyFile(text: text) } catch {
      throw KeyError(error.kind, "\(name): \(error.message)")
    }
  }

  /// Throws if another user can replace the file, or the link that leads to it.
  private func checkFolders(_ user: uid_t) throws(KeyError) {
    for path in Set([path, target]) {
      var status = stat()
      guard unsafe stat(ConfigurationFile.folder(of: path), &status) == 0 else {
        throw failure("cannot read its folder")
      }
      var entry = stat()
      // In a sticky folder only the owner of an entry, or the folder's, can replace it.
      if status.st_mode & S_ISVTX != 0, [0, user].contains(status.st_uid), unsafe lstat(path, &entry) == 0,
        [0, user].contains(entry.st_uid)
      {
        continue
      }
      if let problem = ConfigurationFile.problem(status, user: user) { throw untrusted("its folder \(problem)") }
    }
  }

  /// The path of the file itself, if `path` is a link.
  private var target: String { ConfigurationFile.target(of: path) ?? path }

  private func failure(_ what: String) -> KeyError {
    KeyError(.file, "\(name): \(what): \(unsafe String(cString: strerror(errno)))")
  }

  private func untrusted(_ reason: String) -> KeyError {
    KeyError(.file, "\(name): the key file is not used, because \(reason)")
  }

  // MARK: Changing

  /// Carries out an order. A change waits for those of other processes, and is on the disk when this returns.
  func perform(
    _ order: KeyOrder, reserved: Set<String> = [], expiryMax: Int64? = nil
  ) throws(KeyError) -> (file: KeyFile, outcome: KeyOrder.Outcome) {
    let lock = order.isChange ? try self.lock() : -1
    defer { if lock >= 0 { _ = close(lock) } }
    var file = try load() ?? KeyFile()
    let outcome = try file.perform(order, at: Int64(time(nil)), reserved: reserved, expiryMax: expiryMax)
    if order.isChange { try replace(with: file.text) }
    return (file, outcome)
  }

  /// Takes the lock of the file, which ends when the descriptor that is returned is closed.
  ///
  /// It is a file beside it, because the file itself is replaced.
  private func lock() throws(KeyError) -> Int32 {
    let path = target + ".lock"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, Self.mode)
    guard descriptor >= 0 else { throw failure("cannot lock it for the change") }
    giveToOwner(descriptor)
    for _ in 0..<Self.lockTries {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      usleep(Self.lockMicroseconds)
    }
    defer { _ = close(descriptor) }
    throw failure("cannot lock it for the change")
  }

  /// Replaces the file as a whole: readers see the text before or after, also if the machine fails meanwhile.
  private func replace(with text: [UInt8]) throws(KeyError) {
    // A link stays, and the file that it leads to is replaced.
    let target = target
    let next = target + ".new"
    _ = unsafe unlink(next)
    let descriptor = unsafe open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, Self.mode)
    guard descriptor >= 0 else { throw failure("cannot write it") }
    giveToOwner(descriptor)
    let isWritten =
      fchmod(descriptor, Self.mode) == 0 && LineWriter.writeAll(text, to: descriptor) == nil
      && fsync(descriptor) == 0
    let problem = failure("cannot write it")
    guard close(descriptor) == 0, isWritten else {
      _ = unsafe unlink(next)
      throw problem
    }
    guard unsafe rename(next, target) == 0 else {
      let problem = failure("cannot replace it")
      _ = unsafe unlink(next)
      throw problem
    }
    let folder = unsafe open(ConfigurationFile.folder(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw failure("cannot write its folder") }
    defer { _ = close(folder) }
    guard fsync(folder) == 0 else { throw failure("cannot write its folder") }
  }

  /// Gives a file that root makes to the owner of the key file or of its folder, who runs the gateway.
  private func giveToOwner(_ descriptor: Int32) {
    guard geteuid() == 0 else { return }
    var status = stat()
    for path in [path, ConfigurationFile.folder(of: path)] where unsafe stat(path, &status) == 0 {
      _ = fchown(descriptor, status.st_uid, status.st_gid)
      return
    }
  }
}
