#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct linux_event) == sizeof(struct epoll_event), "the kernel's layout");
_Static_assert(LINUX_IN == EPOLLIN && LINUX_OUT == EPOLLOUT && LINUX_RDHUP == EPOLLRDHUP, "the kernel's bits");

static int outcome(int result) { return result < 0 ? -errno : result; }

int linux_epoll_create(void) { return outcome(epoll_create1(EPOLL_CLOEXEC)); }

int linux_epoll_change(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return outcome(epoll_ctl(epoll, operation, descriptor, &event));
}

int linux_epoll_wait(int epoll, struct linux_event *events, int count, int milliseconds) {
  return outcome(epoll_wait(epoll, (struct epoll_event *)events, count, milliseconds));
}

int linux_eventfd(int blocking) { return outcome(eventfd(0, EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK))); }

int linux_eventfd_raise(int descriptor) {
  uint64_t one = 1;
  return outcome((int)write(descriptor, &one, sizeof one));
}

int linux_eventfd_take(int descriptor) {
  uint64_t count;
  return outcome((int)read(descriptor, &count, sizeof count));
}

int linux_inotify(void) { return outcome(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

int linux_inotify_add(int descriptor, const char *folder) {
  uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR;
  return outcome(inotify_add_watch(descriptor, folder, what));
}

int linux_inotify_add_parent(int descriptor, const char *folder) {
  uint32_t what = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
  return outcome(inotify_add_watch(descriptor, folder, what));
}

void linux_inotify_drain(int descriptor) {
  char events[4096];
  while (read(descriptor, events, sizeof events) > 0)
    ;
}

static int is_named(const struct inotify_event *event, const char *names, size_t size) {
  if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) return 1;
  for (size_t at = 0; event->len > 0 && at < size; at += strlen(names + at) + 1)
    if (!strcmp(event->name, names + at)) return 1;
  return 0;
}

int linux_inotify_drain_named(int descriptor, const char *names, size_t size) {
  _Alignas(struct inotify_event) char events[4096];
  int found = 0;
  ssize_t count;
  while ((count = read(descriptor, events, sizeof events)) > 0)
    for (ssize_t at = 0; at < count;) {
      const struct inotify_event *event = (const struct inotify_event *)(events + at);
      if (is_named(event, names, size)) found = 1;
      at += (ssize_t)(sizeof *event + event->len);
    }
  return found;
}

int linux_is_being_written(const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return -errno;
  int result = fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0 ? 0 : errno == EAGAIN ? 1 : -errno;
  if (result == 0) fcntl(descriptor, F_SETLEASE, F_UNLCK);
  close(descriptor);
  return result;
}

static sigset_t signal_set(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  return set;
}

int linux_signalfd(const int *signals, int count) {
  sigset_t set = signal_set(signals, count);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error) return -error;
  return outcome(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int linux_signalfd_take(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  return count == sizeof info ? (int)info.ssi_signo : 0;
}

int linux_signals_unblock(const int *signals, int count) {
  sigset_t set = signal_set(signals, count);
  return -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int linux_listen(const char *address, uint16_t port, int backlog) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr *name;
  socklen_t length;
  if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
    name = (struct sockaddr *)&v4;
    length = sizeof v4;
  } else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
    name = (struct sockaddr *)&v6;
    length = sizeof v6;
  } else {
    return -EINVAL;
  }
  int descriptor = socket(name->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, name, length) < 0 || listen(descriptor, backlog) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int linux_local_port(int descriptor) {
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  if (getsockname(descriptor, (struct sockaddr *)&name, &length) < 0) return -errno;
  if (name.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
  return name.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&name)->sin_port) : 0;
}

int linux_inherit_listener(int descriptor) {
  int listens = 0;
  socklen_t length = sizeof listens;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) < 0) return -errno;
  if (!listens) return -EINVAL;
  int unblocked = linux_unblock(descriptor);
  return unblocked < 0 ? unblocked : outcome(fcntl(descriptor, F_SETFD, FD_CLOEXEC));
}

static struct linux_address address_of(const struct sockaddr *name) {
  struct linux_address address = {0};
  if (name->sa_family == AF_INET) {
    address.length = 4;
    memcpy(address.bytes, &((const struct sockaddr_in *)name)->sin_addr, 4);
  } else if (name->sa_family == AF_INET6) {
    address.length = 16;
    memcpy(address.bytes, &((const struct sockaddr_in6 *)name)->sin6_addr, 16);
  }
  return address;
}

int linux_local_address(int descriptor, struct linux_address *address) {
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  if (getsockname(descriptor, (struct sockaddr *)&name, &length) < 0) return -errno;
  *address = address_of((struct sockaddr *)&name);
  return 0;
}

int linux_accept(int listener, int keep_alive_seconds, struct linux_address *peer) {
  struct sockaddr_storage name = {0};
  socklen_t length = sizeof name;
  int descriptor = accept4(listener, (struct sockaddr *)&name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return -errno;
  *peer = address_of((struct sockaddr *)&name);
  linux_tune(descriptor, keep_alive_seconds);
  return descriptor;
}

int linux_resolve(const char *host, struct linux_address *addresses, int count) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  struct addrinfo *found = NULL;
  int error = getaddrinfo(host, NULL, &hints, &found);
  // If the name server did not answer, it is unknown whether the name exists.
  if (error) return error == EAI_AGAIN || error == EAI_SYSTEM || error == EAI_MEMORY ? -EAGAIN : 0;
  int filled = 0;
  for (struct addrinfo *each = found; each && filled < count; each = each->ai_next) {
    struct linux_address address = address_of(each->ai_addr);
    if (address.length) addresses[filled++] = address;
  }
  freeaddrinfo(found);
  return filled;
}

int linux_address_read(const char *text, struct linux_address *address) {
  *address = (struct linux_address){0};
  if (inet_pton(AF_INET, text, address->bytes) == 1) return address->length = 4;
  if (inet_pton(AF_INET6, text, address->bytes) == 1) return address->length = 16;
  return 0;
}

void linux_address_write(const struct linux_address *address, char text[46]) {
  text[0] = 0;
  if (address->length) inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->bytes, text, 46);
}

int linux_reserve(void) { return outcome(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

long linux_descriptors_max(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 1u << 30) return 1 << 30;
  return (long)limit.rlim_cur;
}

void linux_hide_memory(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // The limit does not apply to dumps that the kernel pipes to a program (core(5)).
  prctl(PR_SET_DUMPABLE, 0);
}

void linux_raise_descriptors_max(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // The kernel enlarges the descriptor table when it is full. In a process with several threads, that takes an RCU grace
  // period: 10 to 20 ms within socket() or accept(). So the table is enlarged now, to half a megabyte.
  long count = linux_descriptors_max();
  int last = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, (count < 65536 ? (int)count : 65536) - 1);
  if (last >= 0) close(last);
}

int linux_is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

int linux_unblock(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -errno : outcome(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK));
}

ssize_t linux_receive(int descriptor, void *bytes, size_t count) {
  ssize_t result = recv(descriptor, bytes, count, 0);
  return result < 0 ? -errno : result;
}

ssize_t linux_send(int descriptor, const void *bytes, size_t count) {
  ssize_t result = send(descriptor, bytes, count, MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}

int linux_shutdown(int descriptor) { return outcome(shutdown(descriptor, SHUT_RDWR)); }

int linux_shutdown_sending(int descriptor) { return outcome(shutdown(descriptor, SHUT_WR)); }

int linux_reset_on_close(int descriptor) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  return outcome(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t linux_monotonic_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC); }
uint64_t linux_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }
uint64_t linux_thread_nanoseconds(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

int linux_open_for_reading(const char *path) { return outcome(open(path, O_RDONLY | O_CLOEXEC)); }

// Returns the second number of a file.
static uint64_t second_number(int descriptor) {
  char text[96];
  ssize_t count = pread(descriptor, text, sizeof text - 1, 0);
  if (count <= 0) return 0;
  text[count] = 0;
  char *rest;
  strtoull(text, &rest, 10);
  return strtoull(rest, NULL, 10);
}

uint64_t linux_read_run_delay(int schedstat) { return second_number(schedstat); }
uint64_t linux_read_resident(int statm) { return second_number(statm) * (uint64_t)sysconf(_SC_PAGESIZE); }

void linux_return_large_blocks(void) {
  mallopt(M_MMAP_THRESHOLD, 192 * 1024);
  // Otherwise free() would return the free end of the heap: tens of megabytes, within one turn.
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024 * 1024);
}

// Freed blocks by size, for reuse. Each thread has its own.
#define LINUX_BLOCK_CLASSES 6
#define LINUX_BLOCK_KEPT (1024 * 1024)

static _Thread_local struct {
  void *first;
  size_t bytes;
} linux_blocks[LINUX_BLOCK_CLASSES];

// Returns the class of a size, or -1 for sizes that are not cached.
static int linux_block_class(size_t size) {
  for (int class = 0; class < LINUX_BLOCK_CLASSES; class++) {
    if (size == (size_t)LINUX_BLOCK_MIN << class) return class;
  }
  return -1;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LINUX_BLOCKS_ARE_ALLOCATED 1
#endif
#endif

void *linux_block_take(size_t size) {
#ifdef LINUX_BLOCKS_ARE_ALLOCATED
  // The sanitizer checks the ends of allocated blocks.
  return malloc(size);
#endif
  int class = linux_block_class(size);
  if (class >= 0 && linux_blocks[class].first) {
    void *block = linux_blocks[class].first;
    linux_blocks[class].first = *(void **)block;
    linux_blocks[class].bytes -= size;
    return block;
  }
  void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? NULL : block;
}

void linux_block_give(void *block, size_t size) {
#ifdef LINUX_BLOCKS_ARE_ALLOCATED
  free(block);
  return;
#endif
  int class = linux_block_class(size);
  if (class >= 0 && linux_blocks[class].bytes + size <= LINUX_BLOCK_KEPT) {
    *(void **)block = linux_blocks[class].first;
    linux_blocks[class].first = block;
    linux_blocks[class].bytes += size;
    return;
  }
  munmap(block, size);
}

void *linux_block_grow(void *block, size_t size, size_t larger) {
#ifdef LINUX_BLOCKS_ARE_ALLOCATED
  return realloc(block, larger);
#endif
  void *moved = mremap(block, size, larger, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? NULL : moved;
}

void linux_trim_memory(void) {
  static atomic_flag is_trimming = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&is_trimming)) return;
  malloc_trim(0);
  atomic_flag_clear(&is_trimming);
}

int linux_spawn(const char *path, char *const arguments[], char *const environment[], int descriptor) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  // If the descriptor is already 3, this call clears its close-on-exec flag.
  posix_spawn_file_actions_adddup2(&actions, descriptor, 3);
  // libcurl's internal socket pairs are not close-on-exec.
  posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child;
  int error = posix_spawn(&child, path, &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error ? -error : (int)child;
}

struct thread_start {
  void (*body)(void *);
  void *context;
};

static void *run_thread(void *argument) {
  struct thread_start start = *(struct thread_start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

int linux_start_thread(void (*body)(void *), void *context) {
  struct thread_start *start = malloc(sizeof *start);
  if (!start) return -ENOMEM;
  *start = (struct thread_start){body, context};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error) {
    free(start);
    return -error;
  }
  pthread_detach(thread);
  return 0;
}

int linux_host_name(char *name, size_t size) { return outcome(gethostname(name, size)); }

int linux_answers(const struct linux_address *address, uint16_t port, int milliseconds) {
  int is_v6 = address->length == 16;
  int descriptor = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return 0;
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&v4.sin_addr, address->bytes, 4);
  memcpy(&v6.sin6_addr, address->bytes, 16);
  const struct sockaddr *name = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  int answers = connect(descriptor, name, is_v6 ? sizeof v6 : sizeof v4) == 0;
  if (!answers && errno == EINPROGRESS) {
    struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
    int error = 0;
    socklen_t length = sizeof error;
    answers = poll(&wait, 1, milliseconds) == 1 &&
              getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
  }
  close(descriptor);
  return answers;
}
