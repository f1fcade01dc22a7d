#define _GNU_SOURCE
#include "CDrivers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// <linux/openat2.h> conflicts with some versions of <fcntl.h>. The layout is part of the kernel's ABI.
struct open_how_v0 {
  uint64_t flags, mode, resolve;
};
enum { IN_ROOT = 0x10 };

int drivers_open(int root, const char *path, int flags, int confined) {
  // openat2 rejects flags that have no meaning with O_PATH.
  flags |= flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if (confined) {
    struct open_how_v0 how = {.flags = (uint64_t)flags, .resolve = IN_ROOT};
    int result = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (result >= 0) return result;
    // The kernel is older than 5.6, or a system call filter blocks openat2.
    if (errno != ENOSYS && errno != EPERM) return -errno;
  }
  int result = openat(root, path, flags);
  return result >= 0 ? result : -errno;
}

_Static_assert(DRIVERS_NAME_ONLY == O_PATH, "O_PATH");

int drivers_affinity(unsigned char *mask, size_t size) {
  long result = syscall(SYS_sched_getaffinity, 0, size, mask);
  return result >= 0 ? (int)result : -errno;
}

long long drivers_lockable(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur > (rlim_t)INT64_MAX) return -1;
  return (long long)limit.rlim_cur;
}

int drivers_pipe(int ends[2]) {
  int low[2];
  if (pipe2(low, O_CLOEXEC) != 0) return -errno;
  ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, 10);
  ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, 10);
  int error = ends[0] < 0 || ends[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? errno : 0;
  close(low[0]);
  close(low[1]);
  if (!error) return 0;
  if (ends[0] >= 0) close(ends[0]);
  if (ends[1] >= 0) close(ends[1]);
  return -error;
}

pid_t drivers_spawn(const char *path, char *const *arguments, char *const *environment, int reports, int texts) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t child = 0;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return -error;
  error = posix_spawnattr_init(&attributes);
  if (error) {
    posix_spawn_file_actions_destroy(&actions);
    return -error;
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (!error) error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  // Both pipes are above 3, so that no dup2 overwrites one that is still needed.
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, texts, 1);
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, texts, 2);
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, reports, 3);
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  if (!error) {
    error = posix_spawnattr_setflags(&attributes,
                                     POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  if (!error) error = posix_spawnattr_setpgroup(&attributes, 0);
  if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
  if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
  if (!error) error = posix_spawn(&child, path, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error ? -error : child;
}

void drivers_confine(pid_t parent, unsigned seconds) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (parent > 0 && getppid() != parent) _exit(0);
  struct rlimit none = {0, 0}, time = {seconds, seconds + 1};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_CPU, &time);
}

void drivers_write(int out, const char *name, const char *format, ...) {
  char line[512];
  int length = snprintf(line, sizeof line, "%s ", name);
  va_list arguments;
  va_start(arguments, format);
  int more = vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
  va_end(arguments);
  if (more < 0) return;
  size_t end = strlen(line);
  for (size_t index = 0; index < end; index++) {
    if ((unsigned char)line[index] < ' ') line[index] = ' ';
  }
  line[end] = '\n';
  ssize_t written = write(out, line, end + 1);
  (void)written;
}

void drivers_end(int out, int code) { drivers_write(out, "end", "%d", code); }
