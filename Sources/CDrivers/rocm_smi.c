#include "CDrivers.h"

#include <dlfcn.h>
#include <stdint.h>

// Source: AMD, "ROCm SMI LIB API documentation". A device's PCI address is one 64-bit number:
// domain << 32 | partition << 28 | bus << 8 | device << 3 | function.
enum { RSMI_MEMORY_VRAM = 0, RSMI_DEVICES_MAX = 64 };

int drivers_probe_rocm_smi(int out, const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return DRIVERS_NO_LIBRARY;
  int (*begin)(uint64_t) = (int (*)(uint64_t))dlsym(library, "rsmi_init");
  int (*end)(void) = (int (*)(void))dlsym(library, "rsmi_shut_down");
  int (*count_of)(uint32_t *) = (int (*)(uint32_t *))dlsym(library, "rsmi_num_monitor_devices");
  int (*pci)(uint32_t, uint64_t *) = (int (*)(uint32_t, uint64_t *))dlsym(library, "rsmi_dev_pci_id_get");
  int (*name)(uint32_t, char *, size_t) = (int (*)(uint32_t, char *, size_t))dlsym(library, "rsmi_dev_name_get");
  int (*total)(uint32_t, int, uint64_t *) =
      (int (*)(uint32_t, int, uint64_t *))dlsym(library, "rsmi_dev_memory_total_get");
  int (*used)(uint32_t, int, uint64_t *) =
      (int (*)(uint32_t, int, uint64_t *))dlsym(library, "rsmi_dev_memory_usage_get");
  int (*hive)(uint32_t, uint64_t *) = (int (*)(uint32_t, uint64_t *))dlsym(library, "rsmi_dev_xgmi_hive_id_get");
  int (*busy)(uint32_t, uint32_t *) = (int (*)(uint32_t, uint32_t *))dlsym(library, "rsmi_dev_busy_percent_get");
  if (!begin || !count_of || !pci) return DRIVERS_NO_SYMBOL;
  int code = begin(0);
  if (code != 0) return code;
  uint32_t count = 0;
  code = count_of(&count);
  for (uint32_t index = 0; code == 0 && index < count && index < RSMI_DEVICES_MAX; index++) {
    uint64_t number = 0, all = 0, taken = 0;
    uint32_t percent = 0;
    char text[96] = "";
    drivers_write(out, "device", "%u", index);
    if (pci(index, &number) == 0) {
      drivers_write(out, "pci", "%04x:%02x:%02x.%x", (unsigned)(number >> 32), (unsigned)(number >> 8 & 255),
                  (unsigned)(number >> 3 & 31), (unsigned)(number & 7));
    }
    if (name && name(index, text, sizeof text - 1) == 0) drivers_write(out, "name", "%s", text);
    if (total && total(index, RSMI_MEMORY_VRAM, &all) == 0) {
      drivers_write(out, "memory_total", "%llu", (unsigned long long)all);
      if (used && used(index, RSMI_MEMORY_VRAM, &taken) == 0 && taken <= all) {
        drivers_write(out, "memory_free", "%llu", (unsigned long long)(all - taken));
      }
    }
    if (hive && hive(index, &number) == 0 && number != 0) {
      drivers_write(out, "hive", "%llx", (unsigned long long)number);
    }
    if (busy && busy(index, &percent) == 0) drivers_write(out, "busy", "%u", percent);
  }
  if (end) end();
  return code;
}
