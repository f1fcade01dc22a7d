// Connections to upstreams, and the options that all TCP connections have.
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void linux_tune(int descriptor, int keep_alive_seconds) {
  int on = 1;
  // Otherwise the kernel buffers megabytes, which hides that the peer does not read.
  int unsent_max = 128 * 1024;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &keep_alive_seconds, sizeof keep_alive_seconds);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &keep_alive_seconds, sizeof keep_alive_seconds);
  setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max, sizeof unsent_max);
}

static int started(int descriptor, const struct sockaddr *name, socklen_t length) {
  if (connect(descriptor, name, length) == 0 || errno == EINPROGRESS) return descriptor;
  int error = errno;
  close(descriptor);
  return -error;
}

int linux_connect(const struct linux_address *address, uint16_t port, int keep_alive_seconds) {
  int is_v6 = address->length == 16;
  int descriptor = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  linux_tune(descriptor, keep_alive_seconds);
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&v4.sin_addr, address->bytes, 4);
  memcpy(&v6.sin6_addr, address->bytes, 16);
  if (is_v6) return started(descriptor, (const struct sockaddr *)&v6, sizeof v6);
  return started(descriptor, (const struct sockaddr *)&v4, sizeof v4);
}

int linux_connect_unix(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof name.sun_path) return -ENAMETOOLONG;
  strcpy(name.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  return started(descriptor, (const struct sockaddr *)&name, sizeof name);
}

int linux_connect_result(int descriptor) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
  return -error;
}

int64_t linux_acknowledged(int descriptor) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
  if (length < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) return -ENOSYS;
  return (int64_t)info.tcpi_bytes_acked;
}
