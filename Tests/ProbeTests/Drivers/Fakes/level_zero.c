// A fake of Intel's Level Zero.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct properties {
  uint32_t stype;
  void *next;
  uint32_t type, vendor, device, flags, subdevice, clock;
  uint64_t allocation;
  uint32_t contexts, priority, threads, simd, eus, subslices, slices;
  uint64_t timer;
  uint32_t bits, kernel_bits;
  uint8_t uuid[16];
  char name[256];
};
struct pci {
  uint32_t stype;
  void *next;
  uint32_t domain, bus, device, function;
};
struct state {
  uint32_t stype;
  const void *next;
  uint32_t health;
  uint64_t free, size;
};

int zeInit(uint32_t flags) { return getenv("ZES_ENABLE_SYSMAN") ? 0 : 1; }
int zeDriverGet(uint32_t *count, void **out) { return *count = 1, *out = (void *)1, 0; }
int zeDeviceGet(void *driver, uint32_t *count, void **out) { return *count = 1, *out = (void *)2, 0; }
int zeDeviceGetProperties(void *device, struct properties *out) { return strcpy(out->name, "Intel(R) Arc(TM) B580 Graphics"), 0; }
int zesDevicePciGetProperties(void *device, struct pci *out) { return out->domain = 0, out->bus = 3, out->device = 0, out->function = 0; }
int zesDeviceEnumMemoryModules(void *device, uint32_t *count, void **out) { return *count = 1, *out = (void *)3, 0; }
int zesMemoryGetState(void *module, struct state *out) { return out->size = 12884901888ull, out->free = 12348030976ull, 0; }
