extension Machine {
  /// The devices that can be probed without waking one: a driver wakes all devices of its vendor.
  var probeable: [Device] {
    let asleep = Set(devices.filter(\.isAsleep).map(\.vendor))
    return devices.filter { !asleep.contains($0.vendor) }
  }
}

/// Selects the drivers to probe: those with a device on the machine, unless one of their devices is asleep.
struct DriverQueries {
  let files: SystemFiles
  let options: DriverProber.Options

  private static let libraryFolders = [
    "usr/lib/wsl/lib", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib",
    "opt/rocm/lib",
    "usr/local/nvidia/lib64", "usr/local/lib", "run/opengl-driver/lib",
  ]

  /// The variables that drivers use. No others are passed on, so that no driver sees an API key, whatever its name begins
  /// with.
  static let passed: Set<String> = [
    "PATH", "HOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME",
    "XDG_DATA_DIRS", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
    "HSA_OVERRIDE_GFX_VERSION", "HSA_XNACK", "HSA_ENABLE_SDMA", "ROCM_PATH", "ROCR_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL",
    "ZE_AFFINITY_MASK", "ZE_ENABLE_ALT_DRIVERS", "ZE_ENABLE_PCI_ID_DEVICE_ORDER", "ZE_FLAT_DEVICE_HIERARCHY",
    "ZES_ENABLE_SYSMAN",
    "ANV_DEBUG", "DRI_PRIME", "INTEL_DEBUG", "MESA_LOADER_DRIVER_OVERRIDE", "MESA_VK_DEVICE_SELECT",
    "MESA_VK_IGNORE_CONFORMANCE_WARNING", "MESA_VK_VERSION_OVERRIDE", "RADV_DEBUG", "RADV_PERFTEST",
    "VK_ADD_DRIVER_FILES", "VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_LOADER_DEBUG", "VK_LOADER_DRIVERS_DISABLE",
    "VK_LOADER_DRIVERS_SELECT",
  ]

  /// Returns the queries for a machine.
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

  /// A library to load, with the key of its results.
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

  /// Returns the environment of a driver process: the variables that drivers use, and `extra` ones.
  func environment(_ extra: [String]) -> [String] {
    let kept = options.environment.filter { name, _ in
      Self.passed.contains(name) && !extra.contains { $0.hasPrefix(name + "=") }
    }
    return kept.map { "\($0.key)=\($0.value)" }.sorted() + extra + ["SWIFT_BACKTRACE=enable=no"]
  }
}
