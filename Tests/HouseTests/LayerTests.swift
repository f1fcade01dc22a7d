import Testing

/// The dependencies between modules.
@Suite struct LayerTests {
  @Test func `the repository is found`() {
    #expect(Tree.swift("Sources/Gateway").count > 30)
    #expect(Tree.swift("Sources/Reactor").count > 10)
    #expect(Tree.file("Package.swift") != nil)
  }

  @Test func `the code of a file excludes comments and string literals`() {
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

  @Test(arguments: [
    ("CCurl", ["Sources/Reactor/Upstreams/"]), ("CLinux", ["Sources/Reactor/"]), ("COpenSSL", ["Sources/Digest/"]),
    ("CTOML", ["Sources/Gateway/Configuration/"]), ("CVulkan", ["Sources/Probe/Vulkan/"]),
    ("CDrivers", ["Sources/Probe/"]), ("Probe", ["Sources/Gateway/", "Sources/hoosh/"]),
    ("CSQLite", ["Sources/Ledger/"]), ("Ledger", ["Sources/Gateway/", "Sources/hoosh/"]),
    ("Digest", ["Sources/Gateway/"]), ("HTTPText", ["Sources/Gateway/", "Sources/Reactor/"]),
    ("Gateway", ["Sources/hoosh/"]), ("ArgumentParser", ["Sources/hoosh/"]),
  ])
  func `each module is imported, and only where it may be`(module: String, folders: [String]) {
    let users = Tree.swift("Sources").filter { $0.imports.contains(module) }
    #expect(!users.isEmpty)
    for user in users { #expect(folders.contains { user.path.hasPrefix($0) }, "\(user.path) imports \(module)") }
  }

  @Test func `the loop's modules use no Foundation, no Dispatch, and no concurrency`() {
    let words = ["Task", "actor", "async", "await", "NSLock", "pthread_mutex_t", "DispatchQueue", "nonisolated"]
    for file in ["Reactor", "Gateway", "Digest", "HTTPText", "Ledger"].flatMap({ Tree.swift("Sources/" + $0) }) {
      for module in ["Foundation", "FoundationEssentials", "Dispatch"] {
        #expect(!file.imports.contains(module), "\(file.path) imports \(module)")
      }
      for word in words { #expect(!file.says(word), "\(file.path) says \(word)") }
    }
  }

  @Test func `Probe imports no Foundation and no other module of the project`() {
    let known: Set<String> = ["CDrivers", "CVulkan", "Glibc"]
    for file in Tree.swift("Sources/Probe") {
      #expect(known.isSuperset(of: file.imports), "\(file.path) imports \(file.imports)")
    }
  }

  @Test func `the only lock is in the mailbox`() {
    for file in Tree.swift("Sources") {
      if file.says("Mutex") { #expect(file.path == "Sources/Reactor/Mailbox.swift") }
      if file.imports.contains("Synchronization") {
        // The writer's thread sets an atomic when it is done.
        #expect(
          ["Sources/Reactor/Mailbox.swift", "Sources/Reactor/LineWriter.swift"].contains(file.path), "\(file.path)")
      }
    }
  }

  @Test func `the gateway uses unsafe only for C and raw memory`() {
    let allowed = ["Sources/Gateway/Wire/Search.swift", "Sources/Gateway/Configuration/TOMLFile.swift"]
    for file in Tree.swift("Sources/Gateway") where file.says("unsafe") {
      #expect(allowed.contains(file.path), "\(file.path)")
    }
    for path in allowed {
      #expect(Tree.file(path)?.says("unsafe") == true, "\(path) no longer needs to be allowed")
    }
  }
}
