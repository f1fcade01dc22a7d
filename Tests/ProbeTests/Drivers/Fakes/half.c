// A library that begins as NVIDIA's does and has nothing else; as a Vulkan driver it has nothing at all.
int nvmlInit_v2(void) { return 0; }
