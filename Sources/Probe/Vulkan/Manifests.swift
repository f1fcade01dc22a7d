/// Selects the manifests that the Vulkan loader may read.
///
/// One invalid manifest makes the loader lose every driver, and one bad library ends the process. The loader
/// therefore gets only valid manifests of drivers that have a device on the machine.
struct Manifests {
  /// A manifest, and the driver that it names.
  struct Manifest: Equatable {
    var path: String
    var library: String
    var vendor: Vendor
  }

  /// The vendor of a driver's devices.
  enum Vendor: Equatable {
    case nvidia, amd, intel, software, virtual, other
  }

  let files: SystemFiles
  let options: DriverProber.Options

  /// Maximum number of manifests, and of bytes in one.
  private static let filesMax = 64
  private static let bytesMax = 65536

  /// Returns the manifests of drivers that have a device on the machine, or all of them if the options say so.
  func fitting(_ machine: Machine) -> [Manifest] {
    let awake = machine.probeable.filter { $0.backends.contains(.vulkan) }
    let vendors = Set(awake.map(\.vendor))
    let hasOther = machine.environment.isWSL || awake.contains { $0.address == nil }
    return all().filter { manifest in
      if options.probesEveryDriver { return true }
      return switch manifest.vendor {
      case .nvidia: vendors.contains("NVIDIA")
      case .amd: vendors.contains("AMD")
      case .intel: vendors.contains("Intel")
      case .other: hasOther
      case .software, .virtual: false
      }
    }
  }

  /// Returns every valid manifest, by path.
  func all() -> [Manifest] {
    var found: [Manifest] = []
    for folder in options.manifestFolders ?? folders() {
      for name in files.names(folder) where name.hasSuffix(".json") && found.count < Self.filesMax {
        if let manifest = read("\(folder)/\(name)", name) { found.append(manifest) }
      }
    }
    return found
  }

  /// Returns the loader's search path. Source: the Vulkan loader's "Driver interface to the loader".
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
    return Manifest(path: "/\(path)", library: library, vendor: Self.vendor(name + " " + library))
  }

  /// Returns the library that a manifest names; `nil` if the manifest is invalid.
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

  /// Returns the vendor, from the names of a manifest and its library.
  static func vendor(_ text: String) -> Vendor {
    let text = text.lowercased()
    func contains(_ words: String...) -> Bool {
      words.contains { text.split(whereSeparator: Self.mark).joinedContains($0) }
    }
    if contains("lvp", "lavapipe", "swiftshader") { return .software }
    if contains("nvidia", "nouveau") { return .nvidia }
    if contains("radeon", "amd", "amdvlk", "amdgpu") { return .amd }
    if contains("intel") { return .intel }
    if contains("virtio", "gfxstream") { return .virtual }
    return .other
  }

  private static func mark(_ character: Character) -> Bool { "_-./ ".contains(character) }
}

extension [Substring] {
  fileprivate func joinedContains(_ word: String) -> Bool { contains { $0.hasPrefix(word) || $0.hasSuffix(word) } }
}
