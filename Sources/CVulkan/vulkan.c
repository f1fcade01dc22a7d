#include "CVulkan.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VK_NO_PROTOTYPES 1
#include <vulkan/vulkan_core.h>

#include "CDrivers.h"

enum { DEVICES_MAX = 64, EXTENSIONS_MAX = 1024, SHAPES_MAX = 256 };

// VK_KHR_cooperative_matrix is missing from the headers of some distributions. Source: Vulkan specification 1.3.255.
enum { COOPERATIVE_MATRIX_PROPERTIES = 1000506001 };
struct cooperative_matrix {
  VkStructureType sType;
  void *pNext;
  uint32_t m, n, k, a, b, c, result;
  VkBool32 saturates;
  uint32_t scope;
};

// The loader's functions. `features` and `matrices` may be missing.
struct vulkan {
  PFN_vkGetInstanceProcAddr find;
  PFN_vkCreateInstance create;
  PFN_vkEnumeratePhysicalDevices enumerate;
  PFN_vkEnumerateDeviceExtensionProperties extensions;
  PFN_vkGetPhysicalDeviceProperties2 properties;
  PFN_vkGetPhysicalDeviceMemoryProperties2 memory;
  PFN_vkGetPhysicalDeviceFeatures2 features;
  VkResult (*matrices)(VkPhysicalDevice, uint32_t *, struct cooperative_matrix *);
};

// The extensions of a device that affect which properties are queried.
struct extensions {
  int budget, pci, drm, matrix, matrix2;
};

static struct extensions extensions_of(const struct vulkan *vulkan, VkPhysicalDevice device) {
  static VkExtensionProperties list[EXTENSIONS_MAX];
  struct extensions found = {0};
  uint32_t count = EXTENSIONS_MAX;
  VkResult result = vulkan->extensions(device, NULL, &count, list);
  if (result != VK_SUCCESS && result != VK_INCOMPLETE) return found;
  for (uint32_t index = 0; index < count && index < EXTENSIONS_MAX; index++) {
    const char *name = list[index].extensionName;
    found.budget |= !strcmp(name, "VK_EXT_memory_budget");
    found.pci |= !strcmp(name, "VK_EXT_pci_bus_info");
    found.drm |= !strcmp(name, "VK_EXT_physical_device_drm");
    found.matrix |= !strcmp(name, "VK_KHR_cooperative_matrix");
    found.matrix2 |= !strcmp(name, "VK_NV_cooperative_matrix2");
  }
  return found;
}

static void write_uuid(int out, const char *name, const uint8_t *bytes) {
  char text[33];
  static const char digits[] = "0123456789abcdef";
  for (int index = 0; index < 16; index++) {
    text[index * 2] = digits[bytes[index] >> 4];
    text[index * 2 + 1] = digits[bytes[index] & 15];
  }
  text[32] = 0;
  drivers_write(out, name, "%s", text);
}

static void write_properties(int out, const struct vulkan *vulkan, VkPhysicalDevice device, struct extensions has) {
  VkPhysicalDevicePCIBusInfoPropertiesEXT pci = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
  VkPhysicalDeviceDrmPropertiesEXT drm = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT};
  VkPhysicalDeviceMaintenance3Properties limits = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
  VkPhysicalDeviceSubgroupProperties subgroup = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, .pNext = &limits};
  VkPhysicalDeviceDriverProperties driver = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &subgroup};
  VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES, .pNext = &driver};
  VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id};
  if (has.pci) pci.pNext = all.pNext, all.pNext = &pci;
  if (has.drm) drm.pNext = all.pNext, all.pNext = &drm;
  vulkan->properties(device, &all);
  const VkPhysicalDeviceProperties *plain = &all.properties;
  drivers_write(out, "name", "%.255s", plain->deviceName);
  drivers_write(out, "type", "%d", (int)plain->deviceType);
  drivers_write(out, "ids", "%x %x", plain->vendorID, plain->deviceID);
  drivers_write(out, "api", "%u.%u", VK_API_VERSION_MAJOR(plain->apiVersion), VK_API_VERSION_MINOR(plain->apiVersion));
  drivers_write(out, "largest_buffer", "%u", plain->limits.maxStorageBufferRange);
  drivers_write(out, "largest_allocation", "%llu", (unsigned long long)limits.maxMemoryAllocationSize);
  drivers_write(out, "driver_id", "%d", (int)driver.driverID);
  drivers_write(out, "driver", "%.255s", driver.driverName);
  drivers_write(out, "driver_version", "%.255s", driver.driverInfo);
  drivers_write(out, "subgroup", "%u", subgroup.subgroupSize);
  write_uuid(out, "uuid", id.deviceUUID);
  if (has.pci) {
    drivers_write(out, "pci", "%04x:%02x:%02x.%x", pci.pciDomain, pci.pciBus, pci.pciDevice, pci.pciFunction);
  }
  if (has.drm && drm.hasRender) drivers_write(out, "render", "%lld", (long long)drm.renderMinor);
}

static void write_heaps(int out, const struct vulkan *vulkan, VkPhysicalDevice device, struct extensions has) {
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                           .pNext = has.budget ? &budget : NULL};
  vulkan->memory(device, &all);
  const VkPhysicalDeviceMemoryProperties *memory = &all.memoryProperties;
  for (uint32_t heap = 0; heap < memory->memoryHeapCount && heap < VK_MAX_MEMORY_HEAPS; heap++) {
    int local = memory->memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT ? 1 : 0;
    int visible = 0;
    for (uint32_t type = 0; type < memory->memoryTypeCount && type < VK_MAX_MEMORY_TYPES; type++) {
      if (memory->memoryTypes[type].heapIndex != heap) continue;
      visible |= memory->memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT ? 1 : 0;
    }
    unsigned long long size = memory->memoryHeaps[heap].size, left = 0;
    if (has.budget && budget.heapBudget[heap] > budget.heapUsage[heap]) {
      left = budget.heapBudget[heap] - budget.heapUsage[heap];
    }
    drivers_write(out, "heap", "%llu %llu %d %d %d", size, left, has.budget ? 1 : 0, local, visible);
  }
}

static void write_features(int out, const struct vulkan *vulkan, VkPhysicalDevice device) {
  VkPhysicalDevice16BitStorageFeatures storage = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
  VkPhysicalDeviceShaderFloat16Int8Features halves = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, .pNext = &storage};
  VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &halves};
  if (!vulkan->features) return;
  vulkan->features(device, &all);
  drivers_write(out, "storage16", "%d", storage.storageBuffer16BitAccess ? 1 : 0);
  drivers_write(out, "float16", "%d", halves.shaderFloat16 ? 1 : 0);
  drivers_write(out, "int8", "%d", halves.shaderInt8 ? 1 : 0);
}

static void write_matrices(int out, const struct vulkan *vulkan, VkPhysicalDevice device, struct extensions has) {
  static struct cooperative_matrix shapes[SHAPES_MAX];
  uint32_t count = SHAPES_MAX;
  if (!has.matrix || !vulkan->matrices) return;
  for (int index = 0; index < SHAPES_MAX; index++) shapes[index].sType = (VkStructureType)COOPERATIVE_MATRIX_PROPERTIES;
  VkResult result = vulkan->matrices(device, &count, shapes);
  if (result != VK_SUCCESS && result != VK_INCOMPLETE) return;
  for (uint32_t index = 0; index < count && index < SHAPES_MAX; index++) {
    // Report the first shape with 16-bit factors (component type 0 is float16) for a whole subgroup (scope 3).
    if (shapes[index].a != 0 || shapes[index].scope != 3) continue;
    drivers_write(out, "matrix", "%ux%ux%u", shapes[index].m, shapes[index].n, shapes[index].k);
    break;
  }
  if (has.matrix2) drivers_write(out, "matrix2", "1");
}

static VkResult create(const struct vulkan *vulkan, VkInstance *instance) {
  VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
  VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  return vulkan->create(&info, NULL, instance);
}

int vulkan_probe(int out, const char *path) {
  struct vulkan vulkan = {0};
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return VULKAN_NO_LIBRARY;
  vulkan.find = (PFN_vkGetInstanceProcAddr)dlsym(library, "vkGetInstanceProcAddr");
  if (!vulkan.find) return VULKAN_NO_SYMBOL;
  vulkan.create = (PFN_vkCreateInstance)vulkan.find(NULL, "vkCreateInstance");
  if (!vulkan.create) return VULKAN_NO_SYMBOL;
  VkInstance instance;
  VkResult result = create(&vulkan, &instance);
  if (result != VK_SUCCESS) return result;
  vulkan.enumerate = (PFN_vkEnumeratePhysicalDevices)vulkan.find(instance, "vkEnumeratePhysicalDevices");
  vulkan.extensions =
      (PFN_vkEnumerateDeviceExtensionProperties)vulkan.find(instance, "vkEnumerateDeviceExtensionProperties");
  vulkan.properties = (PFN_vkGetPhysicalDeviceProperties2)vulkan.find(instance, "vkGetPhysicalDeviceProperties2");
  vulkan.memory =
      (PFN_vkGetPhysicalDeviceMemoryProperties2)vulkan.find(instance, "vkGetPhysicalDeviceMemoryProperties2");
  vulkan.features = (PFN_vkGetPhysicalDeviceFeatures2)vulkan.find(instance, "vkGetPhysicalDeviceFeatures2");
  vulkan.matrices = (VkResult(*)(VkPhysicalDevice, uint32_t *, struct cooperative_matrix *))vulkan.find(
      instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  if (!vulkan.enumerate || !vulkan.extensions || !vulkan.properties || !vulkan.memory) return VULKAN_NO_SYMBOL;

  VkPhysicalDevice devices[DEVICES_MAX];
  uint32_t count = DEVICES_MAX;
  result = vulkan.enumerate(instance, &count, devices);
  if (result == VK_INCOMPLETE) result = VK_SUCCESS;
  for (uint32_t index = 0; result == VK_SUCCESS && index < count && index < DEVICES_MAX; index++) {
    struct extensions has = extensions_of(&vulkan, devices[index]);
    drivers_write(out, "device", "%u", index);
    write_properties(out, &vulkan, devices[index], has);
    write_heaps(out, &vulkan, devices[index], has);
    write_features(out, &vulkan, devices[index]);
    write_matrices(out, &vulkan, devices[index], has);
  }
  // The process exits next. Destroying the instance could only hang.
  return result;
}
