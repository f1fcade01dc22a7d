#include "CDrivers.h"

#include <dlfcn.h>
#include <stdint.h>

// Structures and constants of the NVML API. Source: NVIDIA, "NVML API Reference Guide" (nvml.h of CUDA 12).
typedef void *nvml_device;
struct nvml_pci {
  char bus_legacy[16];
  unsigned domain, bus, device, pci_device, pci_subsystem;
  char bus_id[32];
};
struct nvml_memory {
  unsigned long long total, free, used;
};
struct nvml_memory_v2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
struct nvml_utilization {
  unsigned gpu, memory;
};
_Static_assert(sizeof(struct nvml_pci) == 68, "nvmlPciInfo_t");
_Static_assert(sizeof(struct nvml_memory_v2) == 40, "nvmlMemory_v2_t");

enum { NVML_CLOCK_MEMORY = 2, NVML_TEMPERATURE_GPU = 0, NVML_LINKS_MAX = 18, NVML_DEVICES_MAX = 64 };

typedef int (*call_none)(void);
typedef int (*call_count)(unsigned *);
typedef int (*call_handle)(unsigned, nvml_device *);
typedef int (*call_text)(nvml_device, char *, unsigned);
typedef int (*call_one)(nvml_device, unsigned *);
typedef int (*call_two)(nvml_device, unsigned *, unsigned *);

// The functions that describe a device. Any of them may be missing.
struct nvml {
  call_text name, uuid;
  int (*pci)(nvml_device, struct nvml_pci *);
  int (*memory)(nvml_device, struct nvml_memory *);
  int (*memory_v2)(nvml_device, struct nvml_memory_v2 *);
  call_two capability, mig_mode;
  call_one bus_width, link_generation, link_width, power, power_limit, mig_count, numa, cores;
  int (*max_clock)(nvml_device, int, unsigned *);
  int (*temperature)(nvml_device, int, unsigned *);
  int (*utilization)(nvml_device, struct nvml_utilization *);
  int (*mig_device)(nvml_device, unsigned, nvml_device *);
  int (*link_state)(nvml_device, unsigned, unsigned *);
  int (*link_version)(nvml_device, unsigned, unsigned *);
  int (*link_remote)(nvml_device, unsigned, struct nvml_pci *);
};

static struct nvml find(void *library) {
  return (struct nvml){
      .name = (call_text)dlsym(library, "nvmlDeviceGetName"),
      .uuid = (call_text)dlsym(library, "nvmlDeviceGetUUID"),
      .pci = (int (*)(nvml_device, struct nvml_pci *))dlsym(library, "nvmlDeviceGetPciInfo_v3"),
      .memory = (int (*)(nvml_device, struct nvml_memory *))dlsym(library, "nvmlDeviceGetMemoryInfo"),
      .memory_v2 = (int (*)(nvml_device, struct nvml_memory_v2 *))dlsym(library, "nvmlDeviceGetMemoryInfo_v2"),
      .capability = (call_two)dlsym(library, "nvmlDeviceGetCudaComputeCapability"),
      .mig_mode = (call_two)dlsym(library, "nvmlDeviceGetMigMode"),
      .bus_width = (call_one)dlsym(library, "nvmlDeviceGetMemoryBusWidth"),
      .link_generation = (call_one)dlsym(library, "nvmlDeviceGetMaxPcieLinkGeneration"),
      .link_width = (call_one)dlsym(library, "nvmlDeviceGetMaxPcieLinkWidth"),
      .power = (call_one)dlsym(library, "nvmlDeviceGetPowerUsage"),
      .power_limit = (call_one)dlsym(library, "nvmlDeviceGetEnforcedPowerLimit"),
      .mig_count = (call_one)dlsym(library, "nvmlDeviceGetMaxMigDeviceCount"),
      .numa = (call_one)dlsym(library, "nvmlDeviceGetNumaNodeId"),
      .cores = (call_one)dlsym(library, "nvmlDeviceGetNumGpuCores"),
      .max_clock = (int (*)(nvml_device, int, unsigned *))dlsym(library, "nvmlDeviceGetMaxClockInfo"),
      .temperature = (int (*)(nvml_device, int, unsigned *))dlsym(library, "nvmlDeviceGetTemperature"),
      .utilization = (int (*)(nvml_device, struct nvml_utilization *))dlsym(library, "nvmlDeviceGetUtilizationRates"),
      .mig_device =
          (int (*)(nvml_device, unsigned, nvml_device *))dlsym(library, "nvmlDeviceGetMigDeviceHandleByIndex"),
      .link_state = (int (*)(nvml_device, unsigned, unsigned *))dlsym(library, "nvmlDeviceGetNvLinkState"),
      .link_version = (int (*)(nvml_device, unsigned, unsigned *))dlsym(library, "nvmlDeviceGetNvLinkVersion"),
      .link_remote =
          (int (*)(nvml_device, unsigned, struct nvml_pci *))dlsym(library, "nvmlDeviceGetNvLinkRemotePciInfo_v2"),
  };
}

static void write_memory(int out, const struct nvml *nvml, nvml_device device) {
  struct nvml_memory_v2 newer = {.version = sizeof newer | 2u << 24};
  struct nvml_memory older;
  int code = 13;
  if (nvml->memory_v2 && (code = nvml->memory_v2(device, &newer)) == 0) {
    // The driver keeps the reserved memory, so programs cannot use it.
    unsigned long long usable = newer.total > newer.reserved ? newer.total - newer.reserved : newer.total;
    drivers_write(out, "memory_total", "%llu", usable);
    drivers_write(out, "memory_free", "%llu", newer.free);
  } else if (nvml->memory && (code = nvml->memory(device, &older)) == 0) {
    drivers_write(out, "memory_total", "%llu", older.total);
    drivers_write(out, "memory_free", "%llu", older.free);
  } else {
    drivers_write(out, "memory_code", "%d", code);
  }
}

static void write_partitions(int out, const struct nvml *nvml, nvml_device device) {
  unsigned current = 0, pending = 0, count = 0;
  if (!nvml->mig_mode || nvml->mig_mode(device, &current, &pending) != 0 || current != 1) return;
  drivers_write(out, "mig", "1");
  if (!nvml->mig_count || !nvml->mig_device || nvml->mig_count(device, &count) != 0) return;
  for (unsigned index = 0; index < count && index < NVML_DEVICES_MAX; index++) {
    nvml_device part;
    char text[96] = "";
    if (nvml->mig_device(device, index, &part) != 0) continue;
    drivers_write(out, "partition", "%u", index);
    if (nvml->uuid && nvml->uuid(part, text, sizeof text) == 0) drivers_write(out, "uuid", "%s", text);
    if (nvml->name && nvml->name(part, text, sizeof text) == 0) drivers_write(out, "name", "%s", text);
    write_memory(out, nvml, part);
  }
}

static void write_links(int out, const struct nvml *nvml, nvml_device device) {
  if (!nvml->link_state) return;
  for (unsigned link = 0; link < NVML_LINKS_MAX; link++) {
    unsigned active = 0, version = 0;
    struct nvml_pci remote = {0};
    if (nvml->link_state(device, link, &active) != 0 || !active) continue;
    if (nvml->link_version) nvml->link_version(device, link, &version);
    remote.bus_id[0] = 0;
    if (nvml->link_remote) nvml->link_remote(device, link, &remote);
    drivers_write(out, "nvlink", "%u %.31s", version, remote.bus_id);
  }
}

static void write_device(int out, const struct nvml *nvml, nvml_device device) {
  char text[96] = "";
  unsigned first = 0, second = 0;
  struct nvml_pci pci = {0};
  struct nvml_utilization busy;
  if (nvml->pci && nvml->pci(device, &pci) == 0) drivers_write(out, "pci", "%.31s", pci.bus_id);
  if (nvml->name && nvml->name(device, text, sizeof text) == 0) drivers_write(out, "name", "%s", text);
  if (nvml->uuid && nvml->uuid(device, text, sizeof text) == 0) drivers_write(out, "uuid", "%s", text);
  write_memory(out, nvml, device);
  if (nvml->capability && nvml->capability(device, &first, &second) == 0) {
    drivers_write(out, "architecture", "sm_%u%u", first, second);
  }
  if (nvml->bus_width && nvml->bus_width(device, &first) == 0) drivers_write(out, "bus_width", "%u", first);
  if (nvml->max_clock && nvml->max_clock(device, NVML_CLOCK_MEMORY, &first) == 0) {
    drivers_write(out, "memory_mhz", "%u", first);
  }
  if (nvml->cores && nvml->cores(device, &first) == 0) drivers_write(out, "cores", "%u", first);
  if (nvml->link_generation && nvml->link_generation(device, &first) == 0) {
    drivers_write(out, "link_generation", "%u", first);
  }
  if (nvml->link_width && nvml->link_width(device, &first) == 0) drivers_write(out, "link_lanes", "%u", first);
  if (nvml->temperature && nvml->temperature(device, NVML_TEMPERATURE_GPU, &first) == 0) {
    drivers_write(out, "temperature", "%u", first);
  }
  if (nvml->power && nvml->power(device, &first) == 0) drivers_write(out, "power_mw", "%u", first);
  if (nvml->power_limit && nvml->power_limit(device, &first) == 0) drivers_write(out, "power_limit_mw", "%u", first);
  if (nvml->utilization && nvml->utilization(device, &busy) == 0) drivers_write(out, "busy", "%u", busy.gpu);
  if (nvml->numa && nvml->numa(device, &first) == 0) drivers_write(out, "memory_node", "%u", first);
  write_links(out, nvml, device);
  write_partitions(out, nvml, device);
}

int drivers_probe_nvml(int out, const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return DRIVERS_NO_LIBRARY;
  call_none begin = (call_none)dlsym(library, "nvmlInit_v2");
  call_none end = (call_none)dlsym(library, "nvmlShutdown");
  call_count count_of = (call_count)dlsym(library, "nvmlDeviceGetCount_v2");
  call_handle handle_of = (call_handle)dlsym(library, "nvmlDeviceGetHandleByIndex_v2");
  if (!begin || !count_of || !handle_of) return DRIVERS_NO_SYMBOL;
  int code = begin();
  if (code != 0) return code;

  int (*version)(char *, unsigned) = (int (*)(char *, unsigned))dlsym(library, "nvmlSystemGetDriverVersion");
  int (*cuda)(int *) = (int (*)(int *))dlsym(library, "nvmlSystemGetCudaDriverVersion_v2");
  char text[96] = "";
  int number = 0;
  if (version && version(text, sizeof text) == 0) drivers_write(out, "driver_version", "%s", text);
  if (cuda && cuda(&number) == 0) drivers_write(out, "cuda_version", "%d.%d", number / 1000, number % 1000 / 10);

  struct nvml nvml = find(library);
  unsigned count = 0;
  code = count_of(&count);
  for (unsigned index = 0; code == 0 && index < count && index < NVML_DEVICES_MAX; index++) {
    nvml_device device;
    drivers_write(out, "device", "%u", index);
    int lost = handle_of(index, &device);
    if (lost != 0) {
      drivers_write(out, "code", "%d", lost);
      continue;
    }
    write_device(out, &nvml, device);
  }
  if (end) end();
  return code;
}
