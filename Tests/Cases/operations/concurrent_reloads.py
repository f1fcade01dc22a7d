"""A caller requests 400 reloads concurrently. The gateway does not start a thread for each reload, and answers other
clients within a second."""

import os
import socket
import threading
import time

from kit import Gateway, check, done, provider, server, table

ALONE = True  # Measures latency and threads.

providers = [provider("p%d" % number, "http://127.0.0.1:9", models=["m%d-*" % number]) for number in range(100)]
models = "".join(table("[[models]]", name="model-%d" % number, context=1000) for number in range(3000))
gateway = Gateway(server(), table("[[providers]]", type="Demo", models=["demo"]), *providers, models)


threads = []


def count_threads():
    while gateway.process.poll() is None:
        threads.append(len(os.listdir("/proc/%d/task" % gateway.process.pid)))
        time.sleep(0.02)


threading.Thread(target=count_threads, daemon=True).start()

connections = []
for _ in range(400):
    connection = socket.create_connection(("127.0.0.1", gateway.port), 5)
    connection.sendall(b"POST /v1/admin/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
    connections.append(connection)
longest, end = 0, time.monotonic() + 8
while time.monotonic() < end:
    longest = max(longest, gateway.get("/healthz", timeout=40).seconds)
    time.sleep(0.02)
check(max(threads) < 40, "fewer than 40 threads", max(threads))
check(longest < 1, "another client waits less than a second", "%.1f s" % longest)
done()
