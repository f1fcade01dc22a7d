// A fake Vulkan driver for the real loader: two graphics cards, or a fault that its file name selects. Source of
// the interface: "Driver interface to the loader", Khronos Vulkan-Loader.
#include "mode.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define VK_NO_PROTOTYPES 1
#include <vulkan/vulkan_core.h>
#include <vulkan/vk_icd.h>

__attribute__((constructor)) static void load(void) {
  if (mode("CRASH_AT_LOAD")) raise(SIGSEGV);
  if (mode("HANG_AT_LOAD")) for (;;) pause();
}

struct object {
  VK_LOADER_DATA loader;
  int number;
};
static struct object instance, devices[2];

static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *a, VkInstance *out) {
  if (mode("ABORT")) abort();
  if (mode("EXIT")) exit(3);
  if (mode("HANG")) for (;;) pause();
  set_loader_magic_value(&instance);
  *out = (VkInstance)&instance;
  return VK_SUCCESS;
}
static void destroy_instance(VkInstance i, const VkAllocationCallbacks *a) {}
static VkResult enumerate(VkInstance i, uint32_t *count, VkPhysicalDevice *out) {
  for (uint32_t n = 0; out && n < 2 && n < *count; n++) {
    set_loader_magic_value(&devices[n]);
    devices[n].number = (int)n;
    out[n] = (VkPhysicalDevice)&devices[n];
  }
  *count = 2;
  return VK_SUCCESS;
}
static VkResult instance_extensions(const char *layer, uint32_t *count, VkExtensionProperties *out) {
  *count = 0;
  return VK_SUCCESS;
}
static const char *names[] = {"VK_EXT_memory_budget", "VK_EXT_pci_bus_info", "VK_EXT_physical_device_drm"};
static VkResult device_extensions(VkPhysicalDevice d, const char *layer, uint32_t *count, VkExtensionProperties *out) {
  for (uint32_t n = 0; out && n < 3 && n < *count; n++) {
    memset(&out[n], 0, sizeof out[n]);
    strcpy(out[n].extensionName, names[n]);
  }
  *count = 3;
  return VK_SUCCESS;
}
static void properties(VkPhysicalDevice d, VkPhysicalDeviceProperties *out) {
  int n = ((struct object *)d)->number;
  memset(out, 0, sizeof *out);
  out->apiVersion = VK_API_VERSION_1_3;
  out->vendorID = 0x1002;
  out->deviceID = n ? 0x164e : 0x744c;
  out->deviceType = n ? VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU : VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
  out->limits.maxStorageBufferRange = 0xffffffffu;
  strcpy(out->deviceName, n ? "AMD Radeon Graphics (RADV RAPHAEL)" : "AMD Radeon RX 7900 XTX (RADV NAVI31)");
}
static void properties2(VkPhysicalDevice d, VkPhysicalDeviceProperties2 *out) {
  int n = ((struct object *)d)->number;
  properties(d, &out->properties);
  for (VkBaseOutStructure *next = out->pNext; next; next = next->pNext) {
    if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT) {
      VkPhysicalDevicePCIBusInfoPropertiesEXT *pci = (void *)next;
      pci->pciDomain = 0, pci->pciBus = n ? 0x0f : 3, pci->pciDevice = 0, pci->pciFunction = 0;
    } else if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT) {
      VkPhysicalDeviceDrmPropertiesEXT *drm = (void *)next;
      drm->hasRender = 1, drm->renderMajor = 226, drm->renderMinor = n ? 129 : 128;
    } else if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES) {
      VkPhysicalDeviceDriverProperties *driver = (void *)next;
      driver->driverID = VK_DRIVER_ID_MESA_RADV;
      strcpy(driver->driverName, "radv");
      strcpy(driver->driverInfo, "Mesa 24.0");
    } else if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES) {
      ((VkPhysicalDeviceSubgroupProperties *)next)->subgroupSize = 64;
    }
  }
}
static void memory(VkPhysicalDevice d, VkPhysicalDeviceMemoryProperties *out) {
  memset(out, 0, sizeof *out);
  out->memoryHeapCount = out->memoryTypeCount = 3;
  VkDeviceSize sizes[] = {25753026560ull, 256ull << 20, 33285996544ull};
  for (uint32_t heap = 0; heap < 3; heap++) {
    out->memoryHeaps[heap].size = sizes[heap];
    out->memoryHeaps[heap].flags = heap < 2 ? VK_MEMORY_HEAP_DEVICE_LOCAL_BIT : 0;
    out->memoryTypes[heap].heapIndex = heap;
    out->memoryTypes[heap].propertyFlags = heap == 0 ? 0 : VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
  }
}
static void memory2(VkPhysicalDevice d, VkPhysicalDeviceMemoryProperties2 *out) {
  memory(d, &out->memoryProperties);
  for (VkBaseOutStructure *next = out->pNext; next; next = next->pNext) {
    if (next->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) continue;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = (void *)next;
    for (int heap = 0; heap < 3; heap++) {
      budget->heapBudget[heap] = out->memoryProperties.memoryHeaps[heap].size - (1ull << 30);
      budget->heapUsage[heap] = 0;
    }
    budget->heapBudget[1] = 200ull << 20;
  }
}
static void features(VkPhysicalDevice d, VkPhysicalDeviceFeatures *out) { memset(out, 0, sizeof *out); }
static void features2(VkPhysicalDevice d, VkPhysicalDeviceFeatures2 *out) {
  for (VkBaseOutStructure *next = out->pNext; next; next = next->pNext) {
    if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES) {
      ((VkPhysicalDevice16BitStorageFeatures *)next)->storageBuffer16BitAccess = 1;
    }
    if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES) {
      ((VkPhysicalDeviceShaderFloat16Int8Features *)next)->shaderFloat16 = 1;
    }
  }
}
static VkResult nothing(void) { return VK_ERROR_INITIALIZATION_FAILED; }

PFN_vkVoidFunction vk_icdGetInstanceProcAddr(VkInstance i, const char *name) {
  struct {
    const char *name;
    void *function;
  } table[] = {
      {"vkCreateInstance", create_instance},
      {"vkDestroyInstance", destroy_instance},
      {"vkEnumerateInstanceExtensionProperties", instance_extensions},
      {"vkEnumeratePhysicalDevices", enumerate},
      {"vkEnumerateDeviceExtensionProperties", device_extensions},
      {"vkGetPhysicalDeviceProperties", properties},
      {"vkGetPhysicalDeviceProperties2", properties2},
      {"vkGetPhysicalDeviceMemoryProperties", memory},
      {"vkGetPhysicalDeviceMemoryProperties2", memory2},
      {"vkGetPhysicalDeviceFeatures", features},
      {"vkGetPhysicalDeviceFeatures2", features2},
  };
  for (unsigned n = 0; n < sizeof table / sizeof *table; n++) {
    if (!strcmp(table[n].name, name)) return (PFN_vkVoidFunction)table[n].function;
  }
  // The loader requires many more functions, but calls none of them.
  return strstr(name, "KHR") || strstr(name, "EXT") || strstr(name, "NV") ? 0 : (PFN_vkVoidFunction)nothing;
}
VkResult vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  if (*version > 5) *version = 5;
  return VK_SUCCESS;
}
