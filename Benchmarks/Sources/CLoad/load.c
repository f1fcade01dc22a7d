#define _GNU_SOURCE
#include "CLoad.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int checked(int result) { return result < 0 ? -errno : result; }

static void no_delay(int descriptor) {
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static struct sockaddr_in loopback(uint8_t last, uint16_t port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7f000000u | last);
  return address;
}

int load_epoll(void) { return checked(epoll_create1(EPOLL_CLOEXEC)); }

int load_watch(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return checked(epoll_ctl(epoll, operation, descriptor, &event));
}

int load_wait(int epoll, struct load_event *events, int count, int64_t nanoseconds) {
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  return checked((int)syscall(
      SYS_epoll_pwait2, epoll, (struct epoll_event *)events, count, nanoseconds < 0 ? NULL : &time, NULL, 0));
}

int load_listen(uint16_t port, int backlog) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in address = loopback(1, port);
  if (descriptor < 0) return -errno;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0 || listen(descriptor, backlog) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int load_local_port(int descriptor) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (getsockname(descriptor, (struct sockaddr *)&address, &size) < 0) return -errno;
  return ntohs(address.sin_port);
}

int load_accept(int listener) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return -errno;
  no_delay(descriptor);
  return descriptor;
}

int load_connect(uint8_t source, uint16_t port) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in from = loopback(source, 0), to = loopback(1, port);
  if (descriptor < 0) return -errno;
  no_delay(descriptor);
  // The kernel chooses the port once the remote address is known, so each source address can use all ports.
  setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(descriptor, (struct sockaddr *)&from, sizeof from) < 0
      || (connect(descriptor, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int load_connected(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return -errno;
  return -error;
}

ssize_t load_receive(int descriptor, void *bytes, size_t count) {
  ssize_t result = recv(descriptor, bytes, count, 0);
  return result < 0 ? -errno : result;
}

ssize_t load_send(int descriptor, const void *bytes, size_t count) {
  ssize_t result = send(descriptor, bytes, count, MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}

ssize_t load_find(const void *bytes, size_t count, const void *text, size_t text_count) {
  const char *found = memmem(bytes, count, text, text_count);
  return found ? found - (const char *)bytes : -1;
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t load_now(void) { return nanoseconds(CLOCK_MONOTONIC); }

uint64_t load_thread_cpu(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

void load_prepare(void) {
  struct rlimit limit;
  prctl(PR_SET_TIMERSLACK, 1);
  signal(SIGPIPE, SIG_IGN);
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int load_pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return checked(sched_setaffinity(0, sizeof cores, &cores));
}

int load_realtime(int process, int on) {
  struct sched_param param = {.sched_priority = on ? 1 : 0};
  return checked(sched_setscheduler(process, on ? SCHED_RR : SCHED_OTHER, &param));
}

void load_prefer(void) {
  if (setsid() < 0) return;
  int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  if (write(file, "-10", 3) < 0) { /* As it was. */
  }
  close(file);
}

int load_cores(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }

int load_spawn(const char *const *arguments, int core, const char *output) {
  pid_t parent = getpid(), child = fork();
  if (child != 0) return checked(child);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_TIMERSLACK, 50000); // The default of a program, which its children inherit.
  if (getppid() != parent) _exit(127);
  if (core >= 0) load_pin(core);
  signal(SIGPIPE, SIG_DFL);
  int file = open(output, O_WRONLY | O_CREAT | O_APPEND, 0644), none = open("/dev/null", O_RDONLY);
  dup2(none, 0);
  dup2(file, 1);
  dup2(file, 2);
  execvp(arguments[0], (char *const *)arguments);
  _exit(127);
}
