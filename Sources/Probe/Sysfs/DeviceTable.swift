/// The names and typical properties of graphics processors, by PCI ID. Used until a driver reports its own.
enum DeviceTable {
  /// One kind of device.
  struct Row {
    var identity: UInt32
    var name: String
    /// GiB of memory; 0 if cards with different memory sizes share the ID.
    var gigabytes: Int
    /// The memory bus width in bits, and billions of transfers per second and pin; 0 if unknown.
    var width: Int
    var rate: Double

    init(_ identity: UInt32, _ name: String, _ gigabytes: Int, _ width: Int = 0, _ rate: Double = 0) {
      self.identity = identity
      self.name = name
      self.gigabytes = gigabytes
      self.width = width
      self.rate = rate
    }

    /// The memory bandwidth, in gigabytes per second.
    var bandwidth: Double? { width > 0 && rate > 0 ? Double(width) * rate / 8 : nil }
  }

  /// The table. Names are from the PCI ID Repository; memory sizes and bus widths from the vendors' data sheets.
  static let rows: [Row] = [
    Row(0x10de_1b80, "GeForce GTX 1080", 8, 256, 10), Row(0x10de_1b06, "GeForce GTX 1080 Ti", 11, 352, 11),
    Row(0x10de_1db4, "Tesla V100 PCIe 16GB", 16, 4096, 1.755),
    Row(0x10de_1db6, "Tesla V100 PCIe 32GB", 32, 4096, 1.755),
    Row(0x10de_1db1, "Tesla V100 SXM2 16GB", 16, 4096, 1.755),
    Row(0x10de_1db5, "Tesla V100 SXM2 32GB", 32, 4096, 1.755),
    Row(0x10de_1eb8, "Tesla T4", 16, 256, 10), Row(0x10de_1e07, "GeForce RTX 2080 Ti", 11, 352, 14),
    Row(0x10de_20b0, "A100 SXM4 40GB", 40, 5120, 2.43), Row(0x10de_20b2, "A100 SXM4 80GB", 80, 5120, 3.186),
    Row(0x10de_20b5, "A100 PCIe 80GB", 80, 5120, 3.024), Row(0x10de_20f1, "A100 PCIe 40GB", 40, 5120, 2.43),
    Row(0x10de_20b7, "A30", 24, 3072, 2.43), Row(0x10de_2235, "A40", 48, 384, 14.5),
    Row(0x10de_2236, "A10", 24, 384, 12.5), Row(0x10de_2237, "A10G", 24, 384, 12.5),
    Row(0x10de_2230, "RTX A6000", 48, 384, 16), Row(0x10de_2204, "GeForce RTX 3090", 24, 384, 19.5),
    Row(0x10de_2203, "GeForce RTX 3090 Ti", 24, 384, 21), Row(0x10de_2206, "GeForce RTX 3080", 10, 320, 19),
    Row(0x10de_2484, "GeForce RTX 3070", 8, 256, 14), Row(0x10de_2503, "GeForce RTX 3060", 12, 192, 15),
    Row(0x10de_2324, "H800", 80, 5120, 5.238), Row(0x10de_2330, "H100 SXM5 80GB", 80, 5120, 5.238),
    Row(0x10de_2331, "H100 PCIe", 80, 5120, 3.186), Row(0x10de_2335, "H200 SXM 141GB", 141, 6144, 6.25),
    Row(0x10de_2684, "GeForce RTX 4090", 24, 384, 21), Row(0x10de_2704, "GeForce RTX 4080", 16, 256, 22.4),
    Row(0x10de_2782, "GeForce RTX 4070 Ti", 12, 192, 21), Row(0x10de_2786, "GeForce RTX 4070", 12, 192, 21),
    Row(0x10de_2882, "GeForce RTX 4060", 8, 128, 17), Row(0x10de_26b1, "RTX 6000 Ada", 48, 384, 20),
    Row(0x10de_26b5, "L40", 48, 384, 18), Row(0x10de_26b9, "L40S", 48, 384, 18),
    Row(0x10de_27b8, "L4", 24, 192, 12.5),
    Row(0x10de_2b85, "GeForce RTX 5090", 32, 512, 28), Row(0x10de_2c02, "GeForce RTX 5080", 16, 256, 30),
    Row(0x1002_67df, "Radeon RX 470/480/570/580", 0, 256), Row(0x1002_687f, "Radeon RX Vega 56/64", 8, 2048),
    Row(0x1002_73bf, "Radeon RX 6800/6900", 16, 256, 16), Row(0x1002_744c, "Radeon RX 7900 XT/XTX", 0),
    Row(0x1002_7448, "Radeon Pro W7900", 48, 384, 18), Row(0x1002_747e, "Radeon RX 7700 XT/7800 XT", 0),
    Row(0x1002_7480, "Radeon RX 7600", 8, 128, 18), Row(0x1002_7470, "Radeon Pro W7700", 16, 256, 18),
    Row(0x1002_7460, "Radeon Pro V710", 28, 224, 18), Row(0x1002_7550, "Radeon RX 9070/9070 XT", 16, 256, 20),
    Row(0x1002_7408, "Instinct MI250X", 64, 4096, 3.2), Row(0x1002_740c, "Instinct MI250X/MI250", 64, 4096, 3.2),
    Row(0x1002_740f, "Instinct MI210", 64, 4096, 3.2), Row(0x1002_738c, "Instinct MI100", 32, 4096, 2.4),
    Row(0x1002_74a0, "Instinct MI300A", 128, 8192, 5.2), Row(0x1002_74a1, "Instinct MI300X", 192, 8192, 5.2),
    Row(0x1002_74b5, "Instinct MI300X VF", 192, 8192, 5.2), Row(0x1002_74a5, "Instinct MI325X", 256, 8192, 6),
    Row(0x1002_1638, "Cezanne Radeon Graphics", 0), Row(0x1002_164e, "Raphael Radeon Graphics", 0),
    Row(0x1002_15bf, "Phoenix Radeon 780M", 0), Row(0x1002_150e, "Strix Radeon 880M/890M", 0),
    Row(0x1002_1586, "Strix Halo Radeon 8060S", 0, 256, 8),
    Row(0x8086_56a0, "Arc A770", 0, 256), Row(0x8086_56a1, "Arc A750", 8, 256, 16),
    Row(0x8086_56a5, "Arc A380", 6, 96, 15.5),
    Row(0x8086_5690, "Arc A770M", 16, 256, 16), Row(0x8086_56c0, "Data Center GPU Flex 170", 16, 256, 18),
    Row(0x8086_56c1, "Data Center GPU Flex 140", 6, 96, 15.5), Row(0x8086_e20b, "Arc B580", 12, 192, 19),
    Row(0x8086_e20c, "Arc B570", 10, 160, 19), Row(0x8086_0bd5, "Data Center GPU Max 1550", 128, 8192, 3.2),
    Row(0x8086_9a49, "Tiger Lake Iris Xe Graphics", 0), Row(0x8086_9bc4, "Comet Lake UHD Graphics", 0),
    Row(0x8086_7d55, "Meteor Lake Arc Graphics", 0), Row(0x8086_64a0, "Lunar Lake Arc Graphics", 0),
  ]

  private static let byIdentity: [UInt32: Int] = {
    var map: [UInt32: Int] = [:]
    for (index, row) in rows.enumerated() { map[row.identity] = index }
    return map
  }()

  /// Returns the row of a PCI ID.
  static func find(vendor: Int, device: Int) -> Row? {
    guard (0...0xffff).contains(vendor), (0...0xffff).contains(device) else { return nil }
    return byIdentity[UInt32(vendor) << 16 | UInt32(device)].map { rows[$0] }
  }

  /// Returns the name of a vendor.
  static func vendorName(_ vendor: Int) -> String {
    switch vendor {
    case 0x10de: "NVIDIA"
    case 0x1002, 0x1022: "AMD"
    case 0x8086: "Intel"
    case 0x1da3: "Habana"
    case 0x1ae0: "Google"
    case 0x1d0f: "Amazon"
    case 0x17cb: "Qualcomm"
    case 0x1e52: "Tenstorrent"
    case 0x19e5: "Huawei"
    case 0x1af4: "virtio"
    case 0x1a03: "ASPEED"
    case 0x102b: "Matrox"
    case 0x1ed5: "Moore Threads"
    case 0x9999: "MetaX"
    case 0x1e3e: "Iluvatar"
    case 0x1e36: "Enflame"
    case 0xcabc: "Cambricon"
    default: "vendor \(Hex.text(vendor, digits: 4))"
    }
  }
}
