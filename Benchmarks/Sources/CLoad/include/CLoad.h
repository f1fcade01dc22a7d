#ifndef CLOAD_H
#define CLOAD_H

// The few Linux calls that the load client and its mock upstream are made of. They are apart from those of hoosh, so
// that the instrument and what it measures share nothing. Every function returns its result, or a negative errno.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// struct epoll_event with its union reduced to 64 bits; the layout is the kernel's.
struct load_event {
  uint32_t events;
  uint64_t token;
}
#if defined(__x86_64__)
__attribute__((packed))
#endif
;

enum { LOAD_IN = 0x001, LOAD_OUT = 0x004, LOAD_ERR = 0x008, LOAD_HUP = 0x010 };
enum { LOAD_ADD = 1, LOAD_MODIFY = 3 };

int load_epoll(void);
int load_watch(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
// Sleeps until something is ready or the nanoseconds are over; negative nanoseconds sleep on.
int load_wait(int epoll, struct load_event *events, int count, int64_t nanoseconds);

// A listening socket on 127.0.0.1; port 0 lets the system choose.
int load_listen(uint16_t port, int backlog);
int load_local_port(int descriptor);
// The next connection, non-blocking, with TCP_NODELAY.
int load_accept(int listener);
// A non-blocking connection, with TCP_NODELAY, on its way from 127.0.0.`source` to 127.0.0.1.
int load_connect(uint8_t source, uint16_t port);
// The error of a connection on its way, negative, or 0.
int load_connected(int descriptor);

ssize_t load_receive(int descriptor, void *bytes, size_t count);
ssize_t load_send(int descriptor, const void *bytes, size_t count);

// Where the text begins in the bytes, or -1.
ssize_t load_find(const void *bytes, size_t count, const void *text, size_t text_count);

// Nanoseconds of the monotonic clock, the same one in every process.
uint64_t load_now(void);
// Nanoseconds that the calling thread was on a CPU.
uint64_t load_thread_cpu(void);

// Timers of the calling thread fire when they are due and not up to 50 microseconds later; as many descriptors as
// the hard limit allows.
void load_prepare(void);
// Keeps the calling thread on one core.
int load_pin(int core);
int load_cores(void);
// Puts a process's first thread (0: the calling one) before all ordinary ones, or back among them.
int load_realtime(int process, int on);
// Gives this process, and those that it starts, a session of its own whose autogroup comes before the others, where
// the system allows it.
void load_prefer(void);

// Starts a program on one core (or any, when negative) that ends with its parent's thread; its output goes to a file.
// Returns its process id.
int load_spawn(const char *const *arguments, int core, const char *output);

#endif
