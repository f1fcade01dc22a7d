/// One PCI function as the kernel lists it. Nothing here touches the device, so a sleeping one goes on sleeping.
struct PCIEntry: Equatable {
  var address: PCIAddress
  /// Class, subclass and interface.
  var deviceClass: Int
  var vendor: Int
  var device: Int
  var subsystemDevice = 0
  var revision = 0
  var driver: String?
  var numaNode: Int?
  var isAsleep = false
  var link: Device.Link?

  /// Its folder below the root.
  var folder: String { PCIWalk.folder + "/\(address)" }
  /// `vendor:device`.
  var identity: String { "\(Hex.text(vendor, digits: 4)):\(Hex.text(device, digits: 4))" }
  /// Its class without the interface.
  var subclass: Int { deviceClass >> 8 }
}

/// Finds what may compute among the PCI functions.
enum PCIWalk {
  static let folder = "sys/bus/pci/devices"

  /// Makers whose devices are looked at whatever class they give themselves: Habana, Google, Amazon, Qualcomm,
  /// Tenstorrent, Huawei; and AMD's processors, for their NPU.
  private static let watched: Set<Int> = [0x1da3, 0x1ae0, 0x1d0f, 0x17cb, 0x1e52, 0x19e5, 0x1022]

  /// Classes that never compute, whoever made them: storage, networks, sound, bridges, ports and buses.
  private static let dull: Set<Int> = [0x01, 0x02, 0x04, 0x06, 0x07, 0x0c]

  /// The functions that may compute, in order of their addresses. One small read for most functions, two for the rest.
  static func entries(_ files: SystemFiles) -> [PCIEntry] {
    files.names(folder).compactMap { name in
      guard let address = PCIAddress(name), let deviceClass = files.hex("\(folder)/\(name)/class"),
        !dull.contains(deviceClass >> 16),
        let vendor = files.hex("\(folder)/\(name)/vendor"), isOfInterest(deviceClass, vendor),
        let device = files.hex("\(folder)/\(name)/device")
      else { return nil }
      let entry = PCIEntry(address: address, deviceClass: deviceClass, vendor: vendor, device: device)
      return isAccelerator(entry) ? describe(entry, files) : nil
    }.sorted { $0.address < $1.address }
  }

  /// Displays (03), processing accelerators (12) and co-processors (0b40). Source: PCI Code and ID Assignment 1.12.
  private static func isOfInterest(_ deviceClass: Int, _ vendor: Int) -> Bool {
    deviceClass >> 16 == 0x03 || deviceClass >> 16 == 0x12 || deviceClass >> 8 == 0x0b40 || watched.contains(vendor)
  }

  /// Amazon, Google, AMD and Huawei make much that does not compute: there the table decides.
  private static func isAccelerator(_ entry: PCIEntry) -> Bool {
    if entry.deviceClass >> 16 == 0x03 || entry.deviceClass >> 16 == 0x12 { return true }
    if AcceleratorTable.find(entry) != nil { return true }
    return entry.subclass == 0x0b40 && entry.vendor != 0x1022 && entry.vendor != 0x8086
  }

  private static func describe(_ bare: PCIEntry, _ files: SystemFiles) -> PCIEntry {
    var entry = bare
    let folder = entry.folder
    entry.subsystemDevice = files.hex("\(folder)/subsystem_device") ?? 0
    entry.revision = files.hex("\(folder)/revision") ?? 0
    entry.driver = files.link("\(folder)/driver")
    entry.numaNode = files.number("\(folder)/numa_node").flatMap { $0 >= 0 ? $0 : nil }
    entry.isAsleep = files.text("\(folder)/power/runtime_status", max: 64) == "suspended"
    entry.link = link(folder, files)
    return entry
  }

  /// The fastest link of the function; with `current`, which is less while a device is idle, only beside it.
  private static func link(_ folder: String, _ files: SystemFiles) -> Device.Link? {
    guard let speed = files.text("\(folder)/max_link_speed", max: 64)?.leadingDecimal, speed > 0, speed < 1000,
      let lanes = files.number("\(folder)/max_link_width"), lanes > 0, lanes <= 32
    else { return nil }
    var link = Device.Link(gigatransfers: speed, lanes: lanes)
    link.currentGigatransfers = files.text("\(folder)/current_link_speed", max: 64)?.leadingDecimal
    return narrowed(link, folder, files)
  }

  /// The slot may be slower than the card. Intel's cards have a bridge of their own in between, and say 2.5 GT/s x1
  /// themselves: then what stands above the bridge counts.
  private static func narrowed(_ link: Device.Link, _ folder: String, _ files: SystemFiles) -> Device.Link {
    var link = link
    let isBehindBridge = link.gigatransfers == 2.5 && link.lanes == 1
    for level in isBehindBridge ? ["/..", "/../.."] : ["/.."] {
      guard let speed = files.text("\(folder)\(level)/max_link_speed", max: 64)?.leadingDecimal, speed > 0,
        let lanes = files.number("\(folder)\(level)/max_link_width"), lanes > 0, lanes <= 32
      else { continue }
      if isBehindBridge {
        if Double(lanes) * speed > Double(link.lanes) * link.gigatransfers {
          link.gigatransfers = speed
          link.lanes = lanes
        }
      } else {
        link.gigatransfers = min(link.gigatransfers, speed)
        link.lanes = min(link.lanes, lanes)
      }
    }
    return link
  }
}
