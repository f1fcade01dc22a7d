#ifndef CLINUX_H
#define CLINUX_H

// Linux calls that the Glibc module does not import, in shapes that Swift can hold.
// Every function returns its result, or a negative errno.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// struct epoll_event with its union reduced to the 64 bits we use; the layout is the kernel's.
struct linux_event {
  uint32_t events;
  uint64_t token;
}
#if defined(__x86_64__)
__attribute__((packed))
#endif
;

enum {
  LINUX_IN = 0x001,
  LINUX_OUT = 0x004,
  LINUX_ERR = 0x008,
  LINUX_HUP = 0x010,
  LINUX_RDHUP = 0x2000,
};

enum { LINUX_ADD = 1, LINUX_DELETE = 2, LINUX_MODIFY = 3 };

int linux_epoll_create(void);
int linux_epoll_change(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
int linux_epoll_wait(int epoll, struct linux_event *events, int count, int milliseconds);

// A counter descriptor for waking a sleeper; `blocking` for a thread's own, otherwise non-blocking.
int linux_eventfd(int blocking);
int linux_eventfd_raise(int descriptor);
int linux_eventfd_take(int descriptor);

// Blocks the signals in the calling thread and returns a descriptor that reports them.
int linux_signalfd(const int *signals, int count);
// The next signal's number, 0 when none is waiting.
int linux_signalfd_take(int descriptor);
// Lets the signals through again, as before linux_signalfd.
int linux_signals_unblock(const int *signals, int count);

// A listening TCP socket on a literal IPv4 or IPv6 address; port 0 lets the system choose.
int linux_listen(const char *address, uint16_t port, int backlog);
int linux_local_port(int descriptor);

// The next connection, non-blocking, close-on-exec, with TCP_NODELAY and keep-alive probes.
int linux_accept(int listener, int keep_alive_seconds);

ssize_t linux_receive(int descriptor, void *bytes, size_t count);
ssize_t linux_send(int descriptor, const void *bytes, size_t count);
int linux_shutdown_sending(int descriptor);
int linux_shutdown(int descriptor);
// Makes close() send RST instead of FIN.
int linux_reset_on_close(int descriptor);

// Nanoseconds of the monotonic clock.
uint64_t linux_monotonic_nanoseconds(void);
// Nanoseconds since 1970.
uint64_t linux_wall_nanoseconds(void);

// Runs `body(context)` on a new detached thread with every signal blocked.
int linux_start_thread(void (*body)(void *), void *context);

// malloc and its relatives, counted per thread: libcurl is given these, so that a test can hold its allocations
// to a number.
void *counted_malloc(size_t size);
void *counted_calloc(size_t count, size_t size);
void *counted_realloc(void *pointer, size_t size);
char *counted_strdup(const char *text);
void counted_free(void *pointer);
unsigned long counted_allocations_of_this_thread(void);

// Whether something listens on a loopback port; never waits longer than `milliseconds`.
int linux_answers(uint16_t port, int milliseconds);

#endif
