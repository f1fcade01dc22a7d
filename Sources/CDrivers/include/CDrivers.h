#ifndef CDRIVERS_H
#define CDRIVERS_H

// The vendors' management libraries, opened at run time and asked in a child process, and the few system calls
// around such a child that Swift cannot make. No header of a vendor is needed to build this.

#include <stddef.h>
#include <sys/types.h>

// Opens `path`, which does not begin with a slash, below the folder `root`. With `confined`, symbolic links stay
// below it too, absolute ones included (openat2(2), RESOLVE_IN_ROOT). Returns a descriptor or a negative errno.
int drivers_open(int root, const char *path, int flags, int confined);

// The flag of open(2) that only names a file, O_PATH.
enum { DRIVERS_NAME_ONLY = 0x200000 };

// One bit for each processor that this thread may run on; returns the bytes that were filled, or a negative errno.
int drivers_affinity(unsigned char *mask, size_t size);

// Bytes that this process may lock; negative for no limit.
long long drivers_lockable(void);

// Starts `path` in a process group of its own: nothing to read, what it prints goes to `texts`, its report goes to
// descriptor 3, which is `reports`, and nothing else is open. Both must be above 3. Returns the process or a
// negative errno.
pid_t drivers_spawn(const char *path, char *const *arguments, char *const *environment, int reports, int texts);

// A pipe whose ends are above 9 and are closed when a program is executed; reading does not block.
int drivers_pipe(int ends[2]);

// For the child: dies with its parent, leaves no core file, and uses no more than `seconds` of processor time.
void drivers_confine(pid_t parent, unsigned seconds);

// One report: lines of a name, a space and a value. `device` begins a device, `partition` a part of one.
// Each returns 0, or a code of the library, or one of these.
enum {
  DRIVERS_NO_LIBRARY = -1,
  DRIVERS_NO_SYMBOL = -2,
};

// NVIDIA's NVML. `library` is a path or a soname.
int drivers_probe_nvml(int out, const char *library);
// AMD's ROCm SMI.
int drivers_probe_rocm_smi(int out, const char *library);
// Intel's Level Zero, with its system part (Sysman) where the driver has it.
int drivers_probe_level_zero(int out, const char *library);

// Writes one line of a report; bytes of the value that would break the line become spaces.
void drivers_say(int out, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Writes a report's last line, with the code that the asking came to.
void drivers_end(int out, int code);

#endif
