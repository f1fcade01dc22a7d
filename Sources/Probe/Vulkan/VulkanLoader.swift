internal import CVulkan

/// Vulkan's loader and the drivers behind it: mapped in a driver's process alone.
enum VulkanLoader {
  /// Writes a report of every device to a descriptor; 0, or why there is none.
  static func report(to descriptor: Int32, library: String) -> Int32 { unsafe vulkan_probe(descriptor, library) }
}
