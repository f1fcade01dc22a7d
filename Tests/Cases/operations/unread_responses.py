"""A memory limit is set, and many clients request the latest events or the model list and read nothing. Resident memory
stays near the limit when clients do not read, and hoosh rejects requests beyond it."""

import json
import socket
import time

from kit import Gateway, Upstream, check, done, provider, server, table

MEMORY_BYTES_MAX = 150 << 20
gateway = Gateway(
    server(memory_bytes_max=MEMORY_BYTES_MAX),
    provider("up", Upstream(models=["m%05d-%s" % (number, "x" * 100) for number in range(5000)])),
    table("[[providers]]", type="Demo", models=["demo-*"]),
)


def resident_mib():
    with open("/proc/%d/status" % gateway.process.pid) as file:
        return next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmRSS"))


# Fill the event history with large events.
connection = socket.create_connection(("127.0.0.1", gateway.port), 20)
body = json.dumps({"model": "demo-tokens1-rate0-first0-" + "x" * 200, "messages": [{"role": "user", "content": "x"}]})
head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
for number in range(1000):
    headers = "x-request-id: %s\r\ncontent-length: %d\r\n\r\n" % (str(number).rjust(128, "y"), len(body))
    connection.sendall((head + headers + body).encode())
    received = b""
    while b"}}" not in received:
        received += connection.recv(65536)

clients = []
for path in ("/v1/events/recent?limit=1000", "/v1/models"):
    for _ in range(1000):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", gateway.port))
        client.sendall(b"GET %s HTTP/1.1\r\nhost: localhost\r\n\r\n" % path.encode())
        clients.append(client)
    time.sleep(4)
    check(resident_mib() < 300, path + ": less than 300 MiB, twice the limit", "%d MiB" % resident_mib())
done()
