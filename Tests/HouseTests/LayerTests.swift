import Testing

/// What may know what.
@Suite struct LayerTests {
  @Test func `the tree is found`() {
    #expect(Tree.swift("Sources/Gateway").count > 30)
    #expect(Tree.swift("Sources/Reactor").count > 10)
    #expect(Tree.file("Package.swift") != nil)
  }

  @Test func `the reader of the tree tells code from comments and texts`() {
    let file = Tree.File(
      path: "x.swift",
      text: """
        public import Reactor
        @testable import Gateway
        internal import struct Foundation.URL
        // import Dispatch and unsafe
        let a = "unsafe // here" // unsafe
        let b = fine("\\"unsafe")
        let isUnsafe = 1
        """)
    #expect(file.imports == ["Reactor", "Gateway", "Foundation"])
    #expect(!file.says("unsafe"))
    #expect(file.says("fine"))
  }

  @Test func `only the gateway's root and the program import the reactor`() {
    for file in Tree.swift("Sources") where file.imports.contains("Reactor") {
      let isRoot = file.path.hasPrefix("Sources/Gateway/") && file.path.split(separator: "/").count == 3
      #expect(isRoot || file.path.hasPrefix("Sources/hoosh/"), "\(file.path)")
    }
  }

  @Test(arguments: [
    ("CCurl", ["Sources/Reactor/Upstreams/"]), ("CLinux", ["Sources/Reactor/"]), ("COpenSSL", ["Sources/Digest/"]),
    ("CTOML", ["Sources/Gateway/Configuration/"]), ("CVulkan", ["Sources/Probe/Vulkan/"]),
    ("CDrivers", ["Sources/Probe/"]), ("Probe", ["Sources/Gateway/", "Sources/hoosh/"]),
    ("Digest", ["Sources/Gateway/"]),
    ("Gateway", ["Sources/hoosh/"]), ("ArgumentParser", ["Sources/hoosh/"]),
  ])
  func `each module has the users that it should have, and has some`(module: String, folders: [String]) {
    let users = Tree.swift("Sources").filter { $0.imports.contains(module) }
    #expect(!users.isEmpty)
    for user in users { #expect(folders.contains { user.path.hasPrefix($0) }, "\(user.path) imports \(module)") }
  }

  @Test func `the loop's modules know no Foundation, no Dispatch and no concurrency of their own`() {
    let words = ["Task", "actor", "async", "await", "NSLock", "pthread_mutex_t", "DispatchQueue", "nonisolated"]
    for file in Tree.swift("Sources/Reactor") + Tree.swift("Sources/Gateway") + Tree.swift("Sources/Digest") {
      for module in ["Foundation", "FoundationEssentials", "Dispatch"] {
        #expect(!file.imports.contains(module), "\(file.path) imports \(module)")
      }
      for word in words { #expect(!file.says(word), "\(file.path) says \(word)") }
    }
  }

  @Test func `the probe is a leaf without Foundation`() {
    let known: Set<String> = ["CDrivers", "CVulkan", "Glibc"]
    for file in Tree.swift("Sources/Probe") {
      #expect(known.isSuperset(of: file.imports), "\(file.path) imports \(file.imports)")
    }
  }

  @Test func `the one lock is in the mailbox`() {
    for file in Tree.swift("Sources") {
      if file.says("Mutex") { #expect(file.path == "Sources/Reactor/Mailbox.swift") }
      if file.imports.contains("Synchronization") {
        // The writer's thread says by an atomic that it is done.
        #expect(
          ["Sources/Reactor/Mailbox.swift", "Sources/Reactor/LineWriter.swift"].contains(file.path), "\(file.path)")
      }
    }
  }

  @Test func `the gateway says unsafe where it meets C and raw memory, nowhere else`() {
    let allowed = ["Sources/Gateway/Wire/Search.swift", "Sources/Gateway/Configuration/TOMLFile.swift"]
    for file in Tree.swift("Sources/Gateway") where file.says("unsafe") {
      #expect(allowed.contains(file.path), "\(file.path)")
    }
    for path in allowed {
      #expect(Tree.file(path)?.says("unsafe") == true, "\(path) no longer needs to be allowed")
    }
  }

  /// Folders of the gateway that others may use; policies know only these and themselves, and the top knows all.
  private static let shared = ["Types", "Wire", "Configuration"]
  private static let top = ["Endpoints"]
  private static let policies = ["Admission", "Dispatch", "Records", "Telemetry"] + layers
  /// Folders of which each may use those after it; policies may use all of them but the first.
  private static let layers = ["Providers", "Calls", "Dialects", "Front"]

  @Test func `the gateway's folders are those that have a place in the order`() {
    let folders = Set(
      Tree.swift("Sources/Gateway").map { $0.path.split(separator: "/") }.filter { $0.count > 3 }.map {
        String($0[2])
      })
    #expect(folders == Set(Self.shared + Self.policies + Self.top))
  }

  @Test func `a folder of the gateway names no type of a folder that it may not know`() {
    var homes: [String: String] = [:]
    for folder in Self.policies + Self.shared + Self.top + [""] {
      for file in files(of: folder) {
        for type in declared(in: file) { homes[type] = folder }
      }
    }
    #expect(homes["RequestHead"] == "Front")
    #expect(homes["Gateway"] == "")
    var violations: [String] = []
    for folder in Self.policies + Self.shared {
      let isLayer = Self.layers.contains(folder)
      let lower = isLayer ? Self.layers.drop { $0 != folder }.dropFirst() : Self.layers.dropFirst()
      let own = Self.policies.contains(folder) ? [folder] + lower + Self.shared : Self.shared
      let nested = Set(own.flatMap { files(of: $0) }.flatMap { declared(in: $0, atAnyDepth: true) })
      for file in files(of: folder) {
        for word in file.words.sorted() {
          guard let home = homes[word], !own.contains(home), !nested.contains(word) else { continue }
          if qualifies(word, in: file) { continue }
          violations.append("\(file.path) names \(word) of \(home.isEmpty ? "the root" : home)")
        }
      }
    }
    #expect(violations == [])
  }

  private func files(of folder: String) -> [Tree.File] {
    Tree.swift("Sources/Gateway").filter { file in
      let parts = file.path.split(separator: "/")
      return folder.isEmpty ? parts.count == 3 : parts.count > 3 && parts[2] == folder
    }
  }

  /// The types that a file declares, at its left edge or everywhere.
  private func declared(in file: Tree.File, atAnyDepth: Bool = false) -> [String] {
    file.code.compactMap { line in
      guard atAnyDepth || line.first?.isWhitespace == false, !line.hasPrefix("extension") else { return nil }
      let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
      guard let place = words.firstIndex(where: { ["struct", "class", "enum", "protocol"].contains($0) }),
        place + 1 < words.count, !words[..<place].contains("private")
      else { return nil }
      return String(words[place + 1])
    }
  }

  /// Whether the word appears only behind a dot, as in `Configuration.Provider`.
  private func qualifies(_ word: String, in file: Tree.File) -> Bool {
    file.code.allSatisfy { line in
      var rest = line[...]
      while let found = rest.range(of: word) {
        let before = found.lowerBound > line.startIndex ? line[line.index(before: found.lowerBound)] : " "
        let after = found.upperBound < line.endIndex ? line[found.upperBound] : " "
        let isWord =
          !before.isLetter && !before.isNumber && before != "_" && !after.isLetter && !after.isNumber
          && after != "_"
        if isWord, before != "." { return false }
        rest = line[found.upperBound...]
      }
      return true
    }
  }
}
