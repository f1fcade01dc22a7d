"""Eight clients quickly send a large body except its last bytes, and then nothing more. hoosh discards the bodies soon
after their timeout, because other requests are rejected while these bodies are in memory."""

import socket
import time

from kit import Gateway, Upstream, check, done, provider, server, wait_until

gateway = Gateway(server(body_timeout_secs=2), provider("up", Upstream()))
LENGTH = 32 << 20
connections = []
for _ in range(8):
    connection = socket.create_connection(("127.0.0.1", gateway.port), 20)
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n" % LENGTH + b" " * (LENGTH - 8)
    )
    connections.append(connection)
time.sleep(1)
start = time.monotonic()
got = wait_until(lambda: gateway.chat(text="y" * 200).status == 200, 20, 1)
check(got, "another request is answered within 20 s", gateway.chat(text="y" * 200))
print("after %.0f s" % (time.monotonic() - start))
done()
