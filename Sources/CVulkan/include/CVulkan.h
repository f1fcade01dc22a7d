#ifndef CVULKAN_H
#define CVULKAN_H

// Vulkan, queried once in a child process. libvulkan is opened at run time, so that no other process maps it.

enum {
  VULKAN_NO_LIBRARY = -100,
  VULKAN_NO_SYMBOL = -101,
};

// Writes a report of every physical device to `out`, in the form of CDrivers. `library` is a path or a soname.
// Returns 0, a negative VkResult, or one of the codes above.
int vulkan_probe(int out, const char *library);

#endif
