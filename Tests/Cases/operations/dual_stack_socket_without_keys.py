"""The gateway inherits an IPv6 socket that also accepts IPv4, and has no keys. No request from another machine is
answered, whatever family its address has."""

import concurrent.futures
import fcntl
import os
import socket
import struct
import subprocess
import time

from kit import (
    HOOSH,
    Response,
    at_exit,
    check,
    done,
    environment,
    in_namespaces,
    server,
    skip,
    table,
    temp_folder,
    write_file,
)

in_namespaces("net")
OUTSIDE = "10.9.9.9"
with socket.socket() as handle:  # An address of this namespace that is not loopback.
    try:
        name = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(OUTSIDE))
        fcntl.ioctl(handle, 0x8916, name)  # SIOCSIFADDR
        handle.bind((OUTSIDE, 0))
    except OSError as problem:
        skip("needs a second address: %s" % problem)
try:
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
except (OSError, ValueError) as problem:
    skip("needs IPv6: %s" % problem)
port = listener.getsockname()[1]
home = temp_folder()
demo = table("[[providers]]", type="Demo", models=["demo", "demo-*"])
path = write_file(os.path.join(home, "hoosh.toml"), server() + "\n" + demo)


def pass_socket():
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)


process = subprocess.Popen(
    [HOOSH, "serve", "--config", path],
    env=environment(HOME=home, LISTEN_FDS="1"),
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    preexec_fn=pass_socket,
    pass_fds=(3,),
)
at_exit(process.kill)
time.sleep(1)


def status(address, host):
    """Return the status of a request without a key, or 0 without a response."""
    try:
        connection = socket.create_connection((address, port), 3, source_address=(address, 0))
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n\r\n" % host.encode())
        return Response(connection, 5).status
    except OSError:
        return 0


asked = [(OUTSIDE, host) for host in (OUTSIDE, "localhost", "[::ffff:127.0.0.1]", "127.0.0.1:%d" % port)]
with concurrent.futures.ThreadPoolExecutor() as pool:
    statuses = list(pool.map(lambda each: status(*each), asked))
for (address, host), got in zip(asked, statuses):
    check(got != 200, "%s, host %s: no response without a key" % (address, host), got)
done()
