#include "CDrivers.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// Structures of the Level Zero API. Source: oneAPI Level Zero Specification 1.9 (ze_api.h, zes_api.h).
typedef void *handle;
struct ze_device_properties {
  uint32_t stype;
  void *next;
  uint32_t type, vendor, device, flags, subdevice, clock;
  uint64_t max_allocation;
  uint32_t contexts, priority, threads_per_eu, simd, eus_per_subslice, subslices_per_slice, slices;
  uint64_t timer_resolution;
  uint32_t timestamp_bits, kernel_timestamp_bits;
  uint8_t uuid[16];
  char name[256];
};
struct zes_pci_properties {
  uint32_t stype;
  void *next;
  uint32_t domain, bus, device, function;
  int32_t generation, width;
  int64_t bandwidth;
  uint8_t counters[3];
};
struct zes_memory_state {
  uint32_t stype;
  const void *next;
  uint32_t health;
  uint64_t free, size;
};
enum { ZE_DEVICE_PROPERTIES = 3, ZES_PCI_PROPERTIES = 2, ZES_MEMORY_STATE = 30, ZE_INTEGRATED = 1, ZE_MOST = 32 };

typedef int (*call_list)(handle, uint32_t *, handle *);

static void write_memory(int out, call_list modules_of, int (*state_of)(handle, struct zes_memory_state *),
                       handle device) {
  handle modules[ZE_MOST];
  uint32_t count = ZE_MOST;
  uint64_t total = 0, left = 0;
  if (!modules_of || !state_of || modules_of(device, &count, modules) != 0) return;
  for (uint32_t index = 0; index < count && index < ZE_MOST; index++) {
    struct zes_memory_state state = {.stype = ZES_MEMORY_STATE};
    if (state_of(modules[index], &state) != 0) continue;
    total += state.size;
    left += state.free;
  }
  if (total == 0) return;
  drivers_write(out, "memory_total", "%llu", (unsigned long long)total);
  drivers_write(out, "memory_free", "%llu", (unsigned long long)left);
}

int drivers_probe_level_zero(int out, const char *path) {
  setenv("ZES_ENABLE_SYSMAN", "1", 1);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return DRIVERS_NO_LIBRARY;
  int (*begin)(uint32_t) = (int (*)(uint32_t))dlsym(library, "zeInit");
  int (*drivers_of)(uint32_t *, handle *) = (int (*)(uint32_t *, handle *))dlsym(library, "zeDriverGet");
  call_list devices_of = (call_list)dlsym(library, "zeDeviceGet");
  int (*properties_of)(handle, struct ze_device_properties *) =
      (int (*)(handle, struct ze_device_properties *))dlsym(library, "zeDeviceGetProperties");
  int (*pci_of)(handle, struct zes_pci_properties *) =
      (int (*)(handle, struct zes_pci_properties *))dlsym(library, "zesDevicePciGetProperties");
  call_list modules_of = (call_list)dlsym(library, "zesDeviceEnumMemoryModules");
  int (*state_of)(handle, struct zes_memory_state *) =
      (int (*)(handle, struct zes_memory_state *))dlsym(library, "zesMemoryGetState");
  if (!begin || !drivers_of || !devices_of || !properties_of) return DRIVERS_NO_SYMBOL;
  int code = begin(0);
  if (code != 0) return code;
  handle drivers[ZE_MOST], devices[ZE_MOST];
  uint32_t driver_count = ZE_MOST, number = 0;
  code = drivers_of(&driver_count, drivers);
  for (uint32_t driver = 0; code == 0 && driver < driver_count && driver < ZE_MOST; driver++) {
    uint32_t count = ZE_MOST;
    if (devices_of(drivers[driver], &count, devices) != 0) continue;
    for (uint32_t index = 0; index < count && index < ZE_MOST; index++, number++) {
      struct ze_device_properties properties = {.stype = ZE_DEVICE_PROPERTIES};
      struct zes_pci_properties pci = {.stype = ZES_PCI_PROPERTIES};
      drivers_write(out, "device", "%u", number);
      if (properties_of(devices[index], &properties) == 0) {
        drivers_write(out, "name", "%.255s", properties.name);
        if (properties.flags & ZE_INTEGRATED) drivers_write(out, "integrated", "1");
      }
      // With Sysman enabled, the device handle is also its Sysman handle.
      if (pci_of && pci_of(devices[index], &pci) == 0) {
        drivers_write(out, "pci", "%04x:%02x:%02x.%x", pci.domain, pci.bus, pci.device, pci.function);
      }
      write_memory(out, modules_of, state_of, devices[index]);
    }
  }
  return code;
}
