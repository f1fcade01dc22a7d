/// The files that name Vulkan's drivers, read before the loader sees them.
///
/// One file that is not JSON makes the loader lose every driver, and one bad library ends the process, so the loader
/// is given a list of files that were understood, and of drivers that have a device here.
struct Manifests {
  struct Manifest: Equatable {
    var path: String
    var library: String
    var maker: Maker
  }

  /// Whose devices a driver drives.
  enum Maker: Equatable {
    case nvidia, amd, intel, software, virtual, other
  }

  let files: SystemFiles
  let options: DriverProber.Options

  /// Files and bytes of one that are read.
  private static let filesMax = 64
  private static let bytesMax = 65536

  /// Those with something to drive on the machine, or all of them when that is asked for.
  func fitting(_ machine: Machine) -> [Manifest] {
    let awake = machine.probeable.filter { $0.backends.contains(.vulkan) }
    let makers = Set(awake.map(\.vendor))
    let hasOther = machine.environment.isWSL || awake.contains { $0.address == nil }
    return all().filter { manifest in
      if options.probesEveryDriver { return true }
      return switch manifest.maker {
      case .nvidia: makers.contains("NVIDIA")
      case .amd: makers.contains("AMD")
      case .intel: makers.contains("Intel")
      case .other: hasOther
      case .software, .virtual: false
      }
    }
  }

  /// Every manifest that can be used, by path.
  func all() -> [Manifest] {
    var found: [Manifest] = []
    for folder in options.manifestFolders ?? folders() {
      for name in files.names(folder) where name.hasSuffix(".json") && found.count < Self.filesMax {
        if let manifest = read("\(folder)/\(name)", name) { found.append(manifest) }
      }
    }
    return found
  }

  /// Source: the Vulkan loader's "Driver interface to the loader", Linux search paths.
  private func folders() -> [String] {
    var folders = [
      "etc/vulkan/icd.d", "usr/local/share/vulkan/icd.d", "usr/share/vulkan/icd.d",
      "run/opengl-driver/share/vulkan/icd.d",
    ]
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
      if let place = options.environment[name], place.hasPrefix("/") {
        folders.append("\(place.dropFirst())/vulkan/icd.d")
      }
    }
    return folders
  }

  private func read(_ path: String, _ name: String) -> Manifest? {
    guard let bytes = files.bytes(path, max: Self.bytesMax), let library = Self.library(bytes) else { return nil }
    if library.contains("/") {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      let place = library.hasPrefix("/") ? String(library.dropFirst()) : "\(folder)/\(library)"
      guard files.exists(place) else { return nil }
    }
    return Manifest(path: "/\(path)", library: library, maker: Self.maker(name + " " + library))
  }

  /// The library that a manifest names; nil when it is none.
  static func library(_ bytes: [UInt8]) -> String? {
    var walker = JSONReader(bytes)
    var library: String?
    var hasVersion = false
    do throws(JSONParseError) {
      try walker.members { (key, walker) throws(JSONParseError) in
        if key == "file_format_version" { hasVersion = try walker.text() != nil }
        guard key == "ICD", walker.peek() == .object else { return }
        try walker.members { (key, walker) throws(JSONParseError) in
          if key == "library_path" { library = try walker.text() }
        }
      }
    } catch { return nil }
    guard hasVersion, walker.isAtEnd(), let library, !library.isEmpty else { return nil }
    return library
  }

  static func maker(_ text: String) -> Maker {
    let text = text.lowercased()
    func says(_ words: String...) -> Bool {
      words.contains { text.split(whereSeparator: Self.mark).joinedContains($0) }
    }
    if says("lvp", "lavapipe", "swiftshader") { return .software }
    if says("nvidia", "nouveau") { return .nvidia }
    if says("radeon", "amd", "amdvlk", "amdgpu") { return .amd }
    if says("intel") { return .intel }
    if says("virtio", "gfxstream") { return .virtual }
    return .other
  }

  private static func mark(_ character: Character) -> Bool { "_-./ ".contains(character) }
}

extension [Substring] {
  fileprivate func joinedContains(_ word: String) -> Bool { contains { $0.hasPrefix(word) || $0.hasSuffix(word) } }
}
