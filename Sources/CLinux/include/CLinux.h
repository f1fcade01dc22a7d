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

// A descriptor that is readable when something in a watched folder was made, written, moved or removed (inotify(7)).
int linux_inotify(void);
int linux_inotify_add(int descriptor, const char *folder);
// Forgets what happened so far.
void linux_inotify_drain(int descriptor);

// Blocks the signals in the calling thread and returns a descriptor that reports them.
int linux_signalfd(const int *signals, int count);
// The next signal's number, 0 when none is waiting.
int linux_signalfd_take(int descriptor);
// Lets the signals through again, as before linux_signalfd.
int linux_signals_unblock(const int *signals, int count);

// A listening TCP socket on a literal IPv4 or IPv6 address; port 0 lets the system choose.
int linux_listen(const char *address, uint16_t port, int backlog);
// Makes an inherited descriptor ours: -ENOTSOCK or -EINVAL when it is no listening stream socket.
int linux_inherit_listener(int descriptor);
int linux_local_port(int descriptor);

// An IP address: 4 or 16 bytes in network order; `length` 0 is none, as a Unix socket's peer has none.
struct linux_address {
  uint8_t length;
  uint8_t bytes[16];
};

// The next connection, non-blocking, close-on-exec, with TCP_NODELAY and keep-alive probes, and whose it is.
int linux_accept(int listener, int keep_alive_seconds, struct linux_address *peer);

// The addresses of a host name, at most `count`, as the system finds them; waits as long as that takes.
// Returns how many, 0 when the name has none, or -EAGAIN when nobody could say.
int linux_resolve(const char *host, struct linux_address *addresses, int count);
// Reads or writes an address as text; reading returns 0 for what is none.
int linux_address_read(const char *text, struct linux_address *address);
void linux_address_write(const struct linux_address *address, char text[46]);

int linux_unblock(int descriptor);
int linux_is_open(int descriptor);
// A descriptor of nothing, for the day when there is no other.
int linux_reserve(void);
// How many descriptors this process may have.
long linux_descriptors_max(void);

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

// Nanoseconds that the calling thread was on a processor.
uint64_t linux_thread_nanoseconds(void);

// A file of /proc that is read again and again. Both files below are made by the kernel at each read.
int linux_open_for_reading(const char *path);
// Nanoseconds that the thread which opened /proc/thread-self/schedstat was ready and had to wait.
uint64_t linux_read_run_delay(int schedstat);
// Bytes of this process that are in memory, from /proc/self/statm.
uint64_t linux_read_resident(int statm);

// Makes the allocator give large blocks back to the system as soon as they are free.
void linux_return_large_blocks(void);
// Memory in whole pages, straight from the system and back to it, but for a mebibyte of each smaller size that a
// thread keeps. Sizes are powers of two from LINUX_BLOCK_MIN on. NULL when the system gives none.
//
// In the allocator such blocks would lie between long-lived small ones, and a peak's memory would never come back.
#define LINUX_BLOCK_MIN 16384
void *linux_block_take(size_t size);
void linux_block_give(void *block, size_t size);
// The same bytes in a larger block, without a copy; NULL, and the block is as it was, when there is none.
void *linux_block_grow(void *block, size_t size, size_t larger);

// Gives back what is free in the allocator; takes the longer the more that is. Not while another thread does it.
void linux_trim_memory(void);

// Starts `path` with `arguments` and `environment`, descriptor 3 being a copy of `descriptor`, all above it closed
// and no signal blocked. Returns its process id.
int linux_spawn(const char *path, char *const arguments[], char *const environment[], int descriptor);

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
