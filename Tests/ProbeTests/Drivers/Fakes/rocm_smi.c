// A fake of AMD's management library.
#include <stdint.h>
#include <stdio.h>

int rsmi_init(uint64_t flags) { return 0; }
int rsmi_shut_down(void) { return 0; }
int rsmi_num_monitor_devices(uint32_t *count) { return *count = 1, 0; }
int rsmi_dev_pci_id_get(uint32_t index, uint64_t *id) { return *id = 0x83ull << 8, 0; }
int rsmi_dev_name_get(uint32_t index, char *name, size_t size) { return snprintf(name, size, "AMD Instinct MI210") < 0; }
int rsmi_dev_memory_total_get(uint32_t index, int type, uint64_t *bytes) { return *bytes = 68702699520ull, 0; }
int rsmi_dev_memory_usage_get(uint32_t index, int type, uint64_t *bytes) { return *bytes = 1073741824ull, 0; }
int rsmi_dev_xgmi_hive_id_get(uint32_t index, uint64_t *hive) { return *hive = 0xabc, 0; }
int rsmi_dev_busy_percent_get(uint32_t index, uint32_t *percent) { return *percent = 12, 0; }
