/// A PCI function, as the kernel lists it. Reading it does not wake a sleeping device.
struct PCIEntry: Equatable {
  var address: PCIAddress
  /// Class, subclass, and interface.
  var deviceClass: Int
  var vendor: Int
  var device: Int
  var subsystemDevice = 0
  var revision = 0
  var driver: String?
  var numaNode: Int?
  var isAsleep = false
  var link: Device.Link?

  /// The folder in `SystemFiles`.
  var folder: String { PCIWalk.folder + "/\(address)" }
  /// The PCI ID, as in `10de:2684`.
  var identity: String { "\(Hex.text(vendor, digits: 4)):\(Hex.text(device, digits: 4))" }
  /// Class and subclass.
  var subclass: Int { deviceClass >> 8 }
}

/// Finds the PCI functions that may be compute devices.
enum PCIWalk {
  static let folder = "sys/bus/pci/devices"

  /// Vendors whose devices are read whatever their class: Habana, Google, Amazon, Qualcomm, Tenstorrent, Huawei;
  /// and AMD's processors, for their NPU.
  private static let watched: Set<Int> = [0x1da3, 0x1ae0, 0x1d0f, 0x17cb, 0x1e52, 0x19e5, 0x1022]

  /// Classes that never compute: storage, networks, sound, bridges, ports, and buses.
  private static let ignoredClasses: Set<Int> = [0x01, 0x02, 0x04, 0x06, 0x07, 0x0c]

  /// Returns the functions that may compute, by address. Takes one small read for most functions, and two for the
  /// rest.
  static func entries(_ files: SystemFiles) -> [PCIEntry] {
    files.names(folder).compactMap { name in
      guard let address = PCIAddress(name), let deviceClass = files.hex("\(folder)/\(name)/class"),
        !ignoredClasses.contains(deviceClass >> 16),
        let vendor = files.hex("\(folder)/\(name)/vendor"), isOfInterest(deviceClass, vendor),
        let device = files.hex("\(folder)/\(name)/device")
      else { return nil }
      let entry = PCIEntry(address: address, deviceClass: deviceClass, vendor: vendor, device: device)
      return isAccelerator(entry) ? describe(entry, files) : nil
    }.sorted { $0.address < $1.address }
  }

  /// Returns whether a class is a display (03), a processing accelerator (12), or a co-processor (0b40). Source:
  /// PCI Code and ID Assignment 1.12.
  private static func isOfInterest(_ deviceClass: Int, _ vendor: Int) -> Bool {
    deviceClass >> 16 == 0x03 || deviceClass >> 16 == 0x12 || deviceClass >> 8 == 0x0b40 || watched.contains(vendor)
  }

  /// Returns whether a function is an accelerator. Amazon, Google, AMD, and Huawei also make other devices, so for
  /// their functions the table decides.
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

  /// Returns the fastest link of the function.
  private static func link(_ folder: String, _ files: SystemFiles) -> Device.Link? {
    guard let speed = files.text("\(folder)/max_link_speed", max: 64)?.leadingDecimal, speed > 0, speed < 1000,
      let lanes = files.number("\(folder)/max_link_width"), lanes > 0, lanes <= 32
    else { return nil }
    var link = Device.Link(gigatransfers: speed, lanes: lanes)
    link.currentGigatransfers = files.text("\(folder)/current_link_speed", max: 64)?.leadingDecimal
    return narrowed(link, folder, files)
  }

  /// Limits the link by the slot, which may be slower than the card. Intel's cards contain a bridge and report 2.5
  /// GT/s x1 for themselves, so for them the link above the bridge counts.
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
