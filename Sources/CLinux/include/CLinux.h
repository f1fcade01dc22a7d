#ifndef CLINUX_H
#define CLINUX_H

// Linux system calls that the Glibc module does not import, in types that Swift can use. Every function returns its
// result or a negative errno.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// struct epoll_event with its union reduced to the 64 bits in use. The layout is the kernel's.
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

// An eventfd. `blocking` is for a thread that waits in linux_eventfd_take; otherwise it is non-blocking.
int linux_eventfd(int blocking);
int linux_eventfd_raise(int descriptor);
int linux_eventfd_take(int descriptor);

// A descriptor that is readable when something in a watched folder was created, written, moved, or removed
// (inotify(7)).
int linux_inotify(void);
int linux_inotify_add(int descriptor, const char *folder);
// Watches a folder for names that appear and disappear in it.
int linux_inotify_add_parent(int descriptor, const char *folder);
// Discards all queued events.
void linux_inotify_drain(int descriptor);
// Discards all queued events. Returns whether one was lost or has one of the names, each of which ends with NUL.
int linux_inotify_drain_named(int descriptor, const char *names, size_t size);

// Returns whether a process has a file open for writing (fcntl(2), leases): 0 or 1, or a negative errno if that cannot
// be told, as for the file of another user. The caller must ignore SIGIO.
int linux_is_being_written(const char *path);

// Blocks the signals in the calling thread and returns a descriptor that reports them.
int linux_signalfd(const int *signals, int count);
// Returns the number of the next signal, or 0 if none is pending.
int linux_signalfd_take(int descriptor);
// Unblocks the signals.
int linux_signals_unblock(const int *signals, int count);

// Returns a listening TCP socket on a literal IPv4 or IPv6 address. Port 0 lets the system choose.
int linux_listen(const char *address, uint16_t port, int backlog);
// Takes over an inherited listening socket. Returns -ENOTSOCK or -EINVAL if it is not a listening stream socket.
int linux_inherit_listener(int descriptor);
// Returns the port that a socket is bound to, or 0 for a Unix socket.
int linux_local_port(int descriptor);

// An IP address: 4 or 16 bytes in network order. `length` 0 means no address, as for the peer of a Unix socket.
struct linux_address {
  uint8_t length;
  uint8_t bytes[16];
};

// Writes the address that a socket is bound to, without its port.
int linux_local_address(int descriptor, struct linux_address *address);

// Accepts a connection: non-blocking, close-on-exec, with TCP_NODELAY and keep-alive probes. Writes the peer's
// address.
int linux_accept(int listener, int keep_alive_seconds, struct linux_address *peer);

// Looks up the addresses of a host name, at most `count`. Blocks. Returns their number, 0 if the name has none, or
// -EAGAIN if the lookup failed.
int linux_resolve(const char *host, struct linux_address *addresses, int count);
// Converts an address from or to text. Reading returns 0 if the text is not an address.
int linux_address_read(const char *text, struct linux_address *address);
void linux_address_write(const struct linux_address *address, char text[46]);

// Sets TCP_NODELAY, keep-alive probes, and a low mark of unsent bytes.
void linux_tune(int descriptor, int keep_alive_seconds);

// Begins to connect to an address: non-blocking, close-on-exec, with TCP_NODELAY, keep-alive probes, and a low mark of
// unsent bytes. Returns a descriptor that is writable once the connection exists or has failed.
int linux_connect(const struct linux_address *address, uint16_t port, int keep_alive_seconds);
// The same for a Unix socket.
int linux_connect_unix(const char *path);
// Returns 0 if the connection exists, or why it does not.
int linux_connect_result(int descriptor);
// Returns the bytes that the peer of a TCP connection has acknowledged since its beginning, the SYN among them.
int64_t linux_acknowledged(int descriptor);

int linux_unblock(int descriptor);
int linux_is_open(int descriptor);
// Opens /dev/null, to reserve a spare descriptor.
int linux_reserve(void);
// Returns the most descriptors that this process may open.
long linux_descriptors_max(void);
void linux_raise_descriptors_max(void);
// Disables core dumps of this process, and reading its memory by other processes of its user.
void linux_hide_memory(void);

ssize_t linux_receive(int descriptor, void *bytes, size_t count);
ssize_t linux_send(int descriptor, const void *bytes, size_t count);
int linux_shutdown_sending(int descriptor);
int linux_shutdown(int descriptor);
// Makes close() send RST instead of FIN.
int linux_reset_on_close(int descriptor);

// The monotonic clock, in nanoseconds.
uint64_t linux_monotonic_nanoseconds(void);
// The wall clock, in nanoseconds since 1970.
uint64_t linux_wall_nanoseconds(void);

// The CPU time of the calling thread, in nanoseconds.
uint64_t linux_thread_nanoseconds(void);

// Opens a file of /proc to read it repeatedly. The kernel generates the two files below at each read.
int linux_open_for_reading(const char *path);
// The run delay, in nanoseconds, of the thread that opened /proc/thread-self/schedstat: time ready but not running.
uint64_t linux_read_run_delay(int schedstat);
// The resident memory of this process in bytes, from /proc/self/statm.
uint64_t linux_read_resident(int statm);

// Makes the allocator return large blocks to the system as soon as they are free.
void linux_return_large_blocks(void);
// Memory in whole pages, mapped and unmapped directly. Each thread caches up to 1 MiB of each of the smaller sizes.
// Sizes are powers of two, at least LINUX_BLOCK_MIN. Returns NULL if the system has no memory.
//
// In malloc's heap, such blocks would lie between small long-lived ones, and memory would stay at its peak.
#define LINUX_BLOCK_MIN 16384
void *linux_block_take(size_t size);
void linux_block_give(void *block, size_t size);
// Grows a block without a copy. Returns NULL, and leaves the block unchanged, if that is not possible.
void *linux_block_grow(void *block, size_t size, size_t larger);

// Returns free heap memory to the system. The time it takes grows with the amount. Does nothing if another thread
// is already doing it.
void linux_trim_memory(void);

// Starts `path` with `arguments` and `environment`. Descriptor 3 is a copy of `descriptor`, all higher ones are
// closed, and no signal is blocked. Returns the process ID.
int linux_spawn(const char *path, char *const arguments[], char *const environment[], int descriptor);

// Runs `body(context)` on a new detached thread with all signals blocked.
int linux_start_thread(void (*body)(void *), void *context);

// malloc and its relatives, counted per thread. libcurl uses these, so that a test can limit its allocations.
void *counted_malloc(size_t size);
void *counted_calloc(size_t count, size_t size);
void *counted_realloc(void *pointer, size_t size);
char *counted_strdup(const char *text);
void counted_free(void *pointer);
unsigned long counted_allocations_of_this_thread(void);

// Returns whether a server listens at an address. Waits at most `milliseconds`.
int linux_answers(const struct linux_address *address, uint16_t port, int milliseconds);

// Writes the name of this machine and a NUL. Returns 0, or a negative errno if it does not fit.
int linux_host_name(char *name, size_t size);

#endif
