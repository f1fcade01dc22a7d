internal import CVulkan

/// The Vulkan loader, which is only loaded in a driver's process.
enum VulkanLoader {
  /// Writes a report of every device to a descriptor; returns 0 or an error code of CVulkan.
  static func report(to descriptor: Int32, library: String) -> Int32 { unsafe vulkan_probe(descriptor, library) }
}
