"""`keep_alive_comment_secs = 0` disables comments, and a client reads the events. A client of the events gets the
events and no comments if the interval of comments is 0."""

import socket
import time

from kit import Gateway, check, done, server, table

gateway = Gateway(server(keep_alive_comment_secs=0), table("[[providers]]", type="Demo", models=["demo", "demo-*"]))
connection = socket.create_connection(("127.0.0.1", gateway.port), 5)
connection.sendall(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
time.sleep(0.5)
gateway.chat("demo-tokens1-rate0-first0")
connection.settimeout(1)
data = b""
try:
    while len(data) < 1 << 20:
        received = connection.recv(65536)
        if not received:
            break
        data += received
except TimeoutError:
    pass
check(data.count(b": keep-alive") == 0, "no comments", "%d, in %d bytes" % (data.count(b": keep-alive"), len(data)))
check(b"event: inference" in data, "the event arrives", data[-200:])
done()
