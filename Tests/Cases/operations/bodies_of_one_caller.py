"""One caller's large bodies fill the limit of all request bodies, because its provider takes long to answer. Requests
of another caller, with a key of its own, are answered meanwhile."""

import json
import socket
import time

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, provider, server, text_reply

OTHER = "an-api-key-of-another-caller"


def answer(request):
    if b"large" in request.body[-200:]:
        yield 20
    yield text_reply("hi")(request)


upstream = Upstream(answer)
limit = 16 << 20
gateway = Gateway(server(request_bodies_bytes_max=limit), auth(KEY, OTHER), provider("up", upstream))
clients = []
for size in [2 << 20] * 12 + [100_000] * 30:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * size + "large"}]}).encode()
    client = socket.create_connection(("127.0.0.1", gateway.port), 10)
    client.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %s\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % (OTHER.encode(), len(body))
    )
    try:
        client.sendall(body)
    except OSError:
        pass  # Rejected by its head.
    clients.append(client)
time.sleep(1)
rejected = [got for got in (gateway.chat(headers=BEARER, text="y" * 500_000) for _ in range(10)) if got.status != 200]
check(not rejected, "each request of another caller is answered", "%d of 10: %s" % (len(rejected), rejected[:1]))
done()
