#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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
  return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                          : ((struct sockaddr_in *)&name)->sin_port);
}

int linux_accept(int listener, int keep_alive_seconds) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return -errno;
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &keep_alive_seconds, sizeof keep_alive_seconds);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &keep_alive_seconds, sizeof keep_alive_seconds);
  return descriptor;
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

int linux_answers(uint16_t port, int milliseconds) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return 0;
  struct sockaddr_in name = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int answers = connect(descriptor, (struct sockaddr *)&name, sizeof name) == 0;
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
