/// What this process runs in, by the marks that it leaves.
struct SurroundingsReader {
  let root: Root
  let isVirtual: Bool

  func read() -> Surroundings {
    var found = Surroundings()
    let groups = root.text("proc/1/cgroup", max: 65536) ?? ""
    found.isContainer =
      root.exists(".dockerenv") || root.exists("run/.containerenv")
      || ["docker", "containerd", "kubepods", "libpod", "lxc"].contains {
        groups.split(separator: "/").joinedContains($0)
      }
    found.isKubernetes =
      root.exists("var/run/secrets/kubernetes.io") || groups.split(separator: "/").joinedContains("kubepods")
    found.isWSL = root.exists("dev/dxg")
    found.isVirtualMachine = isVirtual
    let parts = ["sys_vendor", "product_name"].compactMap { root.text("sys/class/dmi/id/\($0)", max: 256) }
    found.product = parts.isEmpty ? nil : parts.joined(separator: " ")
    return found
  }
}

extension [Substring] {
  fileprivate func joinedContains(_ word: String) -> Bool { contains { $0.hasPrefix(word) } }
}

/// Ports of fast networks between machines.
enum FabricReader {
  /// Every port of every card. Source: the kernel's documentation of `/sys/class/infiniband`.
  static func ports(_ root: Root) -> [FabricPort] {
    let folder = "sys/class/infiniband"
    return root.names(folder).prefix(128).flatMap { device in
      root.names("\(folder)/\(device)/ports").prefix(32).compactMap { name -> FabricPort? in
        guard let port = Int(name),
          let rate = root.text("\(folder)/\(device)/ports/\(name)/rate", max: 128)?.leadingDecimal
        else { return nil }
        let state = root.text("\(folder)/\(device)/ports/\(name)/state", max: 64) ?? ""
        let layer = root.text("\(folder)/\(device)/ports/\(name)/link_layer", max: 64) ?? "InfiniBand"
        return FabricPort(
          device: device, port: port, gigabitsPerSecond: rate, isActive: state.hasPrefix("4"), layer: layer)
      }
    }
  }
}
