// A fake of NVIDIA's library that needs no device. Its file name selects the faults.
#include "mode.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pci {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char bus_id[32];
};
struct memory_v2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
struct memory {
  unsigned long long total, free, used;
};
struct utilization {
  unsigned gpu, memory;
};

int nvmlInit_v2(void) {
  char line[65536];
  memset(line, 'x', sizeof line);
  if (mode("HANG")) for (;;) pause();
  if (mode("CRASH")) raise(SIGSEGV);
  if (mode("ABORT")) abort();
  if (mode("EXIT")) exit(3);
  // More output than a pipe holds: followed by a hang, without an end, or followed by a report.
  if (mode("CHATTER")) {
    for (int i = 0; i < 16; i++) (void)!write(1, line, sizeof line);
    for (;;) pause();
  }
  if (mode("ENDLESS")) for (;;) (void)!write(2, line, sizeof line);
  if (mode("FLOOD")) for (int i = 0; i < 16; i++) (void)!write(2, line, sizeof line);
  if (mode("FORK") && fork() == 0) for (;;) pause();
  return mode_number("CODE", 0);
}

int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { return snprintf(text, size, "550.54.15") < 0; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { return *version = 12040, 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { return *count = (unsigned)mode_number("DEVICES", 1), 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  if (index == (unsigned)mode_number("LOST", -1)) return 15;
  if (index == (unsigned)mode_number("DIES_AT", -1)) raise(SIGKILL);
  *device = (void *)(unsigned long)(index + 1);
  return 0;
}
static const unsigned buses[] = {0x07, 0x0f, 0x47, 0x4e, 0x87, 0x90, 0xb7, 0xbd};
static unsigned long number(void *device) { return (unsigned long)device - 1; }
int nvmlDeviceGetPciInfo_v3(void *device, struct pci *pci) {
  memset(pci, 0, sizeof *pci);
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", buses[number(device) % 8]);
  return 0;
}
int nvmlDeviceGetName(void *device, char *text, unsigned size) {
  return snprintf(text, size, number(device) >= 100 ? "NVIDIA A100 MIG 3g.40gb" : "NVIDIA A100-SXM4-80GB") < 0;
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
  if (number(device) >= 100) return snprintf(text, size, "MIG-%08lx-0000-0000-0000-000000000000", number(device)) < 0;
  return snprintf(text, size, "GPU-%08lx-1111-2222-3333-444444444444", number(device)) < 0;
}
int nvmlDeviceGetMemoryInfo_v2(void *device, struct memory_v2 *memory) {
  if (mode("UNIFIED")) return 3;
  if (memory->version != (sizeof *memory | 2u << 24)) return 25;
  unsigned long long size = number(device) >= 100 ? 42412802048ull : 85899345920ull;
  memory->total = size;
  memory->reserved = number(device) >= 100 ? 0 : 671088640ull;
  memory->used = 1ull << 30;
  memory->free = size - memory->reserved - memory->used;
  return 0;
}
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) { return *major = 8, *minor = 0; }
int nvmlDeviceGetMemoryBusWidth(void *device, unsigned *width) { return *width = 5120, 0; }
int nvmlDeviceGetMaxClockInfo(void *device, int type, unsigned *clock) { return *clock = type == 2 ? 1593 : 1410, 0; }
int nvmlDeviceGetMaxPcieLinkGeneration(void *device, unsigned *value) { return *value = 4, 0; }
int nvmlDeviceGetMaxPcieLinkWidth(void *device, unsigned *value) { return *value = 16, 0; }
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *value) { return *value = 31, 0; }
int nvmlDeviceGetPowerUsage(void *device, unsigned *value) { return *value = 62500, 0; }
int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *value) { return *value = 400000, 0; }
int nvmlDeviceGetUtilizationRates(void *device, struct utilization *value) { return value->gpu = 7, value->memory = 2, 0; }
int nvmlDeviceGetNvLinkState(void *device, unsigned link, unsigned *active) { return *active = link < 12, 0; }
int nvmlDeviceGetNvLinkVersion(void *device, unsigned link, unsigned *version) { return *version = 3, 0; }
int nvmlDeviceGetNvLinkRemotePciInfo_v2(void *device, unsigned link, struct pci *pci) {
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", buses[(number(device) + 1 + link % 2) % 8]);
  return 0;
}
int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
  return mode("MIG") ? *current = 1, *pending = 1, 0 : 3;
}
int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *count) { return *count = 7, 0; }
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **part) {
  if (index >= 2) return 6;
  *part = (void *)(unsigned long)(101 + index);
  return 0;
}
