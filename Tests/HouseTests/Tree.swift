import Foundation

/// The repository's files as text.
enum Tree {
  /// A text file: its path below the root, and its text.
  struct File: Sendable {
    let path: String
    let text: String
    let lines: [Substring]
    /// The lines of a Swift file without comments and the contents of string literals.
    let code: [String]
    /// The words of the code.
    let words: Set<String>

    init(path: String, text: String) {
      self.path = path
      self.text = text
      lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      code = path.hasSuffix(".swift") ? Self.code(lines) : []
      words = Set(code.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" } }.map(String.init))
    }

    private static func code(_ lines: [Substring]) -> [String] {
      var isInText = false
      return lines.map { line in
        let marks = line.components(separatedBy: "\"\"\"").count - 1
        if isInText || marks > 0 {
          if marks % 2 == 1 { isInText.toggle() }
          return ""
        }
        return Tree.code(line)
      }
    }

    /// The modules that the file imports.
    var imports: [String] {
      lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import"), place < words.count - 1 else { return nil }
        guard
          words[..<place].allSatisfy({
            $0.hasPrefix("@") || ["public", "internal", "package", "private"].contains($0)
          })
        else { return nil }
        return String(words[words.count - 1].split(separator: ".")[0])
      }
    }

    /// The types that the file declares at the top level.
    var declaredTypes: [String] { declaredTypes(atAnyDepth: false) }

    /// Returns the types that the file declares, at the top level or at any depth. Private types are left out.
    func declaredTypes(atAnyDepth: Bool) -> [String] {
      code.compactMap { line in
        guard atAnyDepth || line.first?.isWhitespace == false, !line.hasPrefix("extension") else { return nil }
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        guard let position = words.firstIndex(where: { ["struct", "class", "enum", "protocol"].contains($0) }),
          position + 1 < words.count, !words[..<position].contains("private")
        else { return nil }
        return String(words[position + 1])
      }
    }

    /// Returns whether the code contains the word.
    func says(_ word: String) -> Bool { words.contains(word) }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Folders that tools create.
  private static let made: Set<String> = [".git", ".build", ".cache", ".venv", "__pycache__", ".swiftpm"]

  /// Every text file that no tool creates.
  static let all: [File] = files(below: root, "")

  private static func files(below folder: URL, _ prefix: String) -> [File] {
    let manager = FileManager.default
    let names = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().flatMap { name -> [File] in
      if made.contains(name) || name.hasPrefix(".build-") || name.hasPrefix(".venv-") { return [] }
      let place = folder.appending(path: name)
      var isFolder: ObjCBool = false
      guard manager.fileExists(atPath: place.path, isDirectory: &isFolder) else { return [] }
      if isFolder.boolValue { return files(below: place, prefix + name + "/") }
      guard let data = try? Data(contentsOf: place), data.count < 1 << 20, !data.contains(0),
        let text = String(data: data, encoding: .utf8)
      else { return [] }
      return [File(path: prefix + name, text: text)]
    }
  }

  /// Returns the Swift files below a folder, as in `Sources/Reactor`.
  static func swift(_ folder: String) -> [File] {
    all.filter { $0.path.hasPrefix(folder + "/") && $0.path.hasSuffix(".swift") }
  }

  static func file(_ path: String) -> File? { all.first { $0.path == path } }

  /// Returns a line without its comment and the contents of its string literals.
  private static func code(_ line: Substring) -> String {
    var code = ""
    var isInText = false
    var isEscaped = false
    var last: Character = " "
    for character in line {
      if isInText {
        if character == "\"", !isEscaped { isInText = false }
        isEscaped = character == "\\" && !isEscaped
      } else if character == "/", last == "/" {
        code.removeLast()
        break
      } else {
        isInText = character == "\""
        code.append(character)
      }
      last = character
    }
    return code
  }
}
