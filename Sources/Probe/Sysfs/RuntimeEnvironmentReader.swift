/// Detects the environment of this process.
struct RuntimeEnvironmentReader {
  let files: SystemFiles
  let isVirtual: Bool

  /// Reads the environment.
  func read() -> RuntimeEnvironment {
    var found = RuntimeEnvironment()
    let groups = files.text("proc/1/cgroup", max: 65536) ?? ""
    found.isContainer =
      files.exists(".dockerenv") || files.exists("run/.containerenv")
      || ["docker", "containerd", "kubepods", "libpod", "lxc"].contains {
        groups.split(separator: "/").joinedContains($0)
      }
    found.isKubernetes =
      files.exists("var/run/secrets/kubernetes.io") || groups.split(separator: "/").joinedContains("kubepods")
    found.isWSL = files.exists("dev/dxg")
    found.isVirtualMachine = isVirtual
    let parts = ["sys_vendor", "product_name"].compactMap { files.text("sys/class/dmi/id/\($0)", max: 256) }
    found.product = parts.isEmpty ? nil : parts.joined(separator: " ")
    return found
  }
}

extension [Substring] {
  fileprivate func joinedContains(_ word: String) -> Bool { contains { $0.hasPrefix(word) } }
}

/// Reads the ports of InfiniBand and RoCE adapters.
enum FabricReader {
  /// Returns every port. Source: the kernel's documentation of `/sys/class/infiniband`.
  static func ports(_ files: SystemFiles) -> [FabricPort] {
    let folder = "sys/class/infiniband"
    return files.names(folder).prefix(128).flatMap { device in
      files.names("\(folder)/\(device)/ports").prefix(32).compactMap { name -> FabricPort? in
        guard let port = Int(name),
          let rate = files.text("\(folder)/\(device)/ports/\(name)/rate", max: 128)?.leadingDecimal
        else { return nil }
        let state = files.text("\(folder)/\(device)/ports/\(name)/state", max: 64) ?? ""
        let layer = files.text("\(folder)/\(device)/ports/\(name)/link_layer", max: 64) ?? "InfiniBand"
        return FabricPort(
          device: device, port: port, gigabitsPerSecond: rate, isActive: state.hasPrefix("4"), layer: layer)
      }
    }
  }
}
