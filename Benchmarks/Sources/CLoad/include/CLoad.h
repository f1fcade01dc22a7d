#ifndef CLOAD_H
#define CLOAD_H

// The Linux system calls that the load client and its mock upstream need. They are separate from those of hoosh, so
// that the instrument shares no code with what it measures. Every function returns its result or a negative errno.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// struct epoll_event with its union reduced to 64 bits. The layout is the kernel's.
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
// Waits until a descriptor is ready or the nanoseconds are over. Negative nanoseconds wait indefinitely.
int load_wait(int epoll, struct load_event *events, int count, int64_t nanoseconds);

// Returns a listening socket on 127.0.0.1. Port 0 lets the system choose.
int load_listen(uint16_t port, int backlog);
int load_local_port(int descriptor);
// Accepts a connection: non-blocking, with TCP_NODELAY.
int load_accept(int listener);
// Starts a non-blocking connection, with TCP_NODELAY, from 127.0.0.`source` to 127.0.0.1.
int load_connect(uint8_t source, uint16_t port);
// Returns the error of a pending connection, negative, or 0.
int load_connected(int descriptor);

ssize_t load_receive(int descriptor, void *bytes, size_t count);
ssize_t load_send(int descriptor, const void *bytes, size_t count);

// Returns the index of a text in bytes, or -1.
ssize_t load_find(const void *bytes, size_t count, const void *text, size_t text_count);

// The monotonic clock, in nanoseconds. It is the same in every process.
uint64_t load_now(void);
// The CPU time of the calling thread, in nanoseconds.
uint64_t load_thread_cpu(void);

// Makes timers of the calling thread precise instead of up to 50 microseconds late, and raises the descriptor limit
// to the hard limit.
void load_prepare(void);
// Pins the calling thread to one core.
int load_pin(int core);
int load_cores(void);
// Gives a process's first thread (0: the calling one) real-time priority, or normal priority again.
int load_realtime(int process, int on);
// Starts a new session for this process and its children, whose autogroup has precedence over others where the
// system allows it.
void load_prefer(void);

// Starts a program on one core (or any, if negative) that ends with its parent's thread. Its output goes to a file.
// Returns the process ID.
int load_spawn(const char *const *arguments, int core, const char *output);

#endif
