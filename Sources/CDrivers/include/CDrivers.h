#ifndef CDRIVERS_H
#define CDRIVERS_H

// The vendors' management libraries, which are opened at run time in a child process, and the system calls around
// such a child that Swift cannot make. Building needs no vendor headers.

#include <stddef.h>
#include <sys/types.h>

// Opens `path`, which must be relative, below the folder `root`. With `confined`, symbolic links cannot leave the
// folder, not even absolute ones (openat2(2), RESOLVE_IN_ROOT). Returns a descriptor or a negative errno.
int drivers_open(int root, const char *path, int flags, int confined);

// O_PATH of open(2), which Swift does not import.
enum { DRIVERS_NAME_ONLY = 0x200000 };

// Fills one bit for each processor that this thread may run on. Returns the number of bytes filled, or a negative
// errno.
int drivers_affinity(unsigned char *mask, size_t size);

// Returns the bytes that this process may lock; negative for no limit.
long long drivers_lockable(void);

// Starts `path` in its own process group, with no input. Its output goes to `texts`, descriptor 3 is `reports`, and
// no other descriptor is open. Both must be above 3. Returns the process ID or a negative errno.
pid_t drivers_spawn(const char *path, char *const *arguments, char *const *environment, int reports, int texts);

// Creates a pipe with descriptors above 9 that are closed on exec. Reading does not block.
int drivers_pipe(int ends[2]);

// Confines the calling child process: it dies with its parent, writes no core file, and uses at most `seconds` of
// processor time.
void drivers_confine(pid_t parent, unsigned seconds);

// Each of these functions writes a report: lines of a name, a space, and a value. `device` starts a device,
// `partition` a part of one. Each returns 0, an error code of the library, or one of these codes.
enum {
  DRIVERS_NO_LIBRARY = -1,
  DRIVERS_NO_SYMBOL = -2,
};

// NVIDIA's NVML. `library` is a path or a soname.
int drivers_probe_nvml(int out, const char *library);
// AMD's ROCm SMI.
int drivers_probe_rocm_smi(int out, const char *library);
// Intel's Level Zero, with Sysman if the driver supports it.
int drivers_probe_level_zero(int out, const char *library);

// Writes one line of a report. Control characters in the value become spaces.
void drivers_write(int out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Writes the last line of a report, with the result code.
void drivers_end(int out, int code);

#endif
