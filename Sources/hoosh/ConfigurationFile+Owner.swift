import Gateway
import Glibc

/// The owner of a configuration that was found in the current folder, and not named by the operator.
extension ConfigurationFile {
  /// Throws unless the file at `path` and its folders belong to the user or to root, and no one else may write them.
  /// The configuration decides where the API keys of the environment are sent.
  static func checkOwner(_ path: String, named name: String) throws(LoadError) {
    // A link may lead to another folder, whose owner can replace the file.
    for file in Set([path, target(of: path)].compactMap(\.self)) {
      for path in [file, folder(of: file)] {
        var status = stat()
        guard unsafe stat(path, &status) == 0, let problem = problem(status) else { continue }
        let subject = path == file ? "it" : "its folder"
        let remedy = "fix that, or name the file with --config if it is yours"
        let error = ConfigurationError(
          file: name, message: "is not used, because \(subject) \(problem); \(remedy)")
        throw .invalid(ConfigurationErrors([error]))
      }
    }
  }

  /// Returns why a file or folder is not the user's alone, or `nil` if it is.
  static func problem(_ status: stat, user: uid_t = geteuid()) -> String? {
    guard status.st_uid == user || status.st_uid == 0 else { return "belongs to another user" }
    guard status.st_mode & S_IWOTH == 0 else { return "can be written by every user" }
    // The group with the user's own number has no other members, and a umask of 002 lets it write.
    let isOwnGroup = user != 0 && status.st_gid == user
    return status.st_mode & S_IWGRP == 0 || isOwnGroup ? nil : "can be written by a group of users"
  }

  /// Returns the path of the file that a path leads to.
  static func target(of path: String) -> String? {
    guard let target = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(target) }
    return unsafe String(cString: target)
  }

  /// Returns the folder of a file.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
