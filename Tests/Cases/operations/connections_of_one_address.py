"""A machine of the network opens more connections than the gateway accepts, and sends nothing. A client of another
address, with a valid key, is answered."""

import fcntl
import socket
import struct
import time

from kit import BEARER, KEY, Gateway, auth, check, done, in_namespaces, server, skip, table

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
gateway = Gateway(server(bind="0.0.0.0", clients_max=100, header_timeout_secs=30), auth(KEY), demo)
idle = []
for _ in range(150):
    client = socket.socket()
    client.settimeout(2)
    client.bind((OUTSIDE, 0))
    try:
        client.connect((OUTSIDE, gateway.port))
        client.sendall(b"GET /v1/models HTTP/1.1\r\n")
    except OSError:
        continue
    idle.append(client)
time.sleep(0.5)
for number in range(5):
    got = gateway.get("/v1/models", BEARER)
    check(got.status == 200, "request %d of another address is answered" % number, "%d, %s" % (got.status, got.end))
done()
