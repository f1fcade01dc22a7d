/// One driver that is worth asking.
struct DriverQuery: Sendable {
  /// Its place among all that are target.
  var order: Int
  var source: Source
  /// The library that its process opens.
  var library: String
  /// Its process's variables.
  var environment: [String]
  /// What the answer depends on, so that a driver that was replaced is asked again.
  var key: String
}

extension Machine {
  /// Devices whose drivers can be asked without waking one: a driver wakes all of its maker's devices.
  var probeable: [Device] {
    let asleep = Set(devices.filter(\.isAsleep).map(\.vendor))
    return devices.filter { !asleep.contains($0.vendor) }
  }
}

/// Decides which drivers are asked: those whose devices were seen, and none that would wake one.
struct DriverQueries {
  let files: SystemFiles
  let options: DriverProber.Options

  private static let libraryFolders = [
    "usr/lib/wsl/lib", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib",
    "opt/rocm/lib",
    "usr/local/nvidia/lib64", "usr/local/lib", "run/opengl-driver/lib",
  ]

  /// Variables that mean something to drivers; no others are passed on, least of all keys.
  private static let passed = [
    "PATH", "HOME", "LD_LIBRARY_PATH", "XDG_", "LANG", "HSA_", "ROC", "HIP_", "GPU_", "ZE_", "ZES_", "MESA_",
    "RADV_", "ANV_", "INTEL_", "DRI_", "VK_",
  ]

  func queries(for machine: Machine) -> [DriverQuery] {
    let devices = machine.probeable
    let boot = files.text("proc/sys/kernel/random/boot_id", max: 64) ?? ""
    let targets = [
      nvml(devices, isWSL: machine.environment.isWSL), rocmSMI(devices), levelZero(devices), vulkan(machine),
    ]
    return targets.compactMap { $0 }.enumerated().map { order, target in
      DriverQuery(
        order: order, source: target.source, library: target.library, environment: environment(target.variables),
        key: "\(target.source.rawValue) \(boot) \(target.key)")
    }
  }

  /// A library and what its answer depends on.
  private struct Target {
    var source: Source
    var library: String
    var key: String
    var variables: [String] = []
  }

  private func nvml(_ devices: [Device], isWSL: Bool) -> Target? {
    let own = devices.filter { $0.vendor == "NVIDIA" && $0.kernelDriver == "nvidia" }
    if let library = options.libraries[.nvml] { return Target(source: .nvml, library: library, key: library) }
    guard !own.isEmpty || isWSL else { return nil }
    let library = find(["libnvidia-ml.so.1"]) ?? "libnvidia-ml.so.1"
    return Target(
      source: .nvml, library: library, key: (own.first?.driverVersion?.value ?? "") + Self.identities(own))
  }

  private func rocmSMI(_ devices: [Device]) -> Target? {
    let own = devices.filter { $0.backends.contains(.rocm) }
    let found = own.isEmpty ? nil : find(["librocm_smi64.so.7", "librocm_smi64.so.1", "librocm_smi64.so"])
    return (options.libraries[.rocmSMI] ?? found).map {
      Target(source: .rocmSMI, library: $0, key: $0 + Self.identities(own))
    }
  }

  private func levelZero(_ devices: [Device]) -> Target? {
    let own = devices.filter { $0.vendor == "Intel" && $0.backends.contains(.levelZero) }
    let found = own.isEmpty ? nil : find(["libze_loader.so.1"])
    return (options.libraries[.levelZero] ?? found).map {
      Target(source: .levelZero, library: $0, key: $0 + Self.identities(own))
    }
  }

  private func vulkan(_ machine: Machine) -> Target? {
    let manifests = Manifests(files: files, options: options).fitting(machine)
    if manifests.isEmpty { return nil }
    let paths = manifests.map(\.path).joined(separator: ":")
    return Target(
      source: .vulkan, library: options.libraries[.vulkan] ?? "libvulkan.so.1",
      key: paths + Self.identities(machine.probeable),
      variables: [
        "VK_DRIVER_FILES=\(paths)", "VK_ICD_FILENAMES=\(paths)", "VK_LOADER_LAYERS_DISABLE=*", "NODEVICE_SELECT=1",
        "MESA_SHADER_CACHE_DISABLE=true",
      ])
  }

  private static func identities(_ devices: [Device]) -> String {
    devices.compactMap(\.identity).joined(separator: " ")
  }

  private func find(_ names: [String]) -> String? {
    for folder in Self.libraryFolders {
      for name in names where files.exists("\(folder)/\(name)") { return "/\(folder)/\(name)" }
    }
    return nil
  }

  private func environment(_ extra: [String]) -> [String] {
    let kept = options.environment.filter { name, _ in
      Self.passed.contains { name.hasPrefix($0) } && !extra.contains { $0.hasPrefix(name + "=") }
    }
    return kept.map { "\($0.key)=\($0.value)" }.sorted() + extra + ["SWIFT_BACKTRACE=enable=no"]
  }
}
