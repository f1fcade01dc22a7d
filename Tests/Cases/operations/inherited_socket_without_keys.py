"""The gateway inherits a socket that listens on all interfaces, from systemd or from its predecessor, and its
configuration has no keys. No request from another machine is answered without a key, whatever `bind` says."""

import concurrent.futures
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time

from kit import (
    HOOSH,
    KEY,
    Gateway,
    Response,
    at_exit,
    auth,
    check,
    done,
    environment,
    in_namespaces,
    server,
    skip,
    table,
    temp_folder,
    wait_until,
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
demo = table("[[providers]]", type="Demo", models=["demo", "demo-*"])
BODY = b'{"model":"demo-tokens2-rate0-first0","messages":[{"role":"user","content":"hi"}]}'


def request_status(port, host):
    """Send a request from the network without a key, and return its status, or 0 without a response."""
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n" % host
    head += "content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
    try:
        connection = socket.create_connection((OUTSIDE, port), 3)
        connection.sendall(head.encode() + BODY)
        return Response(connection, 5).status
    except OSError:
        return 0


def verify(label, port):
    """Check that requests without a key are not answered, whatever their `Host`."""
    hosts = (OUTSIDE, "localhost", "127.0.0.1")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        statuses = list(pool.map(lambda host: request_status(port, host), hosts))
    for host, status in zip(hosts, statuses):
        check(status != 200, "%s: no response without a key for the host %s" % (label, host), status)


# From systemd.
listener = socket.create_server(("0.0.0.0", 0), backlog=64)
home = temp_folder()
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
verify("from systemd", listener.getsockname()[1])
process.kill()
listener.close()

# From the predecessor, whose configuration has lost its keys.
gateway = Gateway(server(bind="0.0.0.0"), auth(KEY), demo)
check(request_status(gateway.port, OUTSIDE) == 401, "with keys, a request without a key is rejected")
gateway.configure(server(), demo)
gateway.signal(signal.SIGUSR2)
wait_until(lambda: gateway.process.poll() is not None, 3)
verify("from the predecessor", gateway.port)
done()
