/// Accelerators other than graphics processors, by PCI ID.
enum AcceleratorTable {
  /// One kind of device.
  struct Row {
    var vendor: Int
    var device: Int
    var name: String
    var kind: Device.Kind
    var backend: Device.Backend
    /// GiB of its own memory; 0 if it uses the machine's.
    var gigabytes: Int
    /// The subsystem ID, where one PCI ID stands for two devices.
    var subsystem: Int?

    init(
      _ vendor: Int, _ device: Int, _ name: String, _ kind: Device.Kind, _ backend: Device.Backend,
      _ gigabytes: Int,
      subsystem: Int? = nil
    ) {
      self.vendor = vendor
      self.device = device
      self.name = name
      self.kind = kind
      self.backend = backend
      self.gigabytes = gigabytes
      self.subsystem = subsystem
    }
  }

  /// The table. IDs are from the kernel's drivers (ivpu, amdxdna, qaic, habanalabs), the PCI ID Repository, and
  /// Google's and Amazon's drivers. Memory sizes are from the vendors' data sheets.
  static let rows: [Row] = [
    Row(0x8086, 0x7d1d, "Meteor Lake NPU", .npu, .openvino, 0),
    Row(0x8086, 0xad1d, "Arrow Lake NPU", .npu, .openvino, 0),
    Row(0x8086, 0x643e, "Lunar Lake NPU", .npu, .openvino, 0),
    Row(0x8086, 0xb03e, "Panther Lake NPU", .npu, .openvino, 0),
    Row(0x8086, 0xfd3e, "Wildcat Lake NPU", .npu, .openvino, 0),
    Row(0x1022, 0x1502, "Ryzen AI NPU (Phoenix)", .npu, .xdna, 0),
    Row(0x1022, 0x17f0, "Ryzen AI NPU (Strix)", .npu, .xdna, 0),
    Row(0x17cb, 0xa100, "Cloud AI 100", .asic, .qualcomm, 32),
    Row(0x17cb, 0xa080, "Cloud AI 80", .asic, .qualcomm, 32),
    Row(0x1ae0, 0x0027, "TPU v2", .tpu, .tpu, 8, subsystem: 0x4e),
    Row(0x1ae0, 0x0027, "TPU v3", .tpu, .tpu, 16, subsystem: 0x4f),
    Row(0x1ae0, 0x005e, "TPU v4", .tpu, .tpu, 32), Row(0x1ae0, 0x0063, "TPU v5e", .tpu, .tpu, 16),
    Row(0x1ae0, 0x0062, "TPU v5p", .tpu, .tpu, 95), Row(0x1ae0, 0x006f, "TPU v6e", .tpu, .tpu, 32),
    Row(0x1ae0, 0x0076, "TPU7x", .tpu, .tpu, 192),
    Row(0x1da3, 0x1000, "Gaudi", .asic, .gaudi, 32), Row(0x1da3, 0x1010, "Gaudi", .asic, .gaudi, 32),
    Row(0x1da3, 0x1020, "Gaudi2", .asic, .gaudi, 96), Row(0x1da3, 0x1060, "Gaudi3", .asic, .gaudi, 128),
    Row(0x1da3, 0x1063, "Gaudi3", .asic, .gaudi, 128),
    Row(0x1d0f, 0x7064, "Inferentia", .asic, .neuron, 8), Row(0x1d0f, 0x7164, "Trainium", .asic, .neuron, 32),
    Row(0x1d0f, 0x7264, "Inferentia2", .asic, .neuron, 32), Row(0x1d0f, 0x7364, "Trainium2", .asic, .neuron, 96),
    Row(0x1e52, 0xfaca, "Grayskull", .asic, .tenstorrent, 8),
    Row(0x1e52, 0x401e, "Wormhole", .asic, .tenstorrent, 12),
    Row(0x1e52, 0xb140, "Blackhole", .asic, .tenstorrent, 32),
  ]

  /// Returns the row of a PCI function.
  static func find(_ entry: PCIEntry) -> Row? {
    rows.first {
      $0.vendor == entry.vendor && $0.device == entry.device
        && ($0.subsystem == nil || $0.subsystem == entry.subsystemDevice)
    }
  }
}
