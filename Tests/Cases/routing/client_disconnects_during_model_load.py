"""A client disconnects while a local server loads its model, which the server reports with 503. A server receives no
further attempts for a request whose client has disconnected."""

import json
import socket
import time

from kit import Gateway, Upstream, check, done, provider, reply

upstream = Upstream(
    lambda request: reply({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, 503)
)
gateway = Gateway(provider("up", upstream, type="LlamaCpp"))
for streaming in (False, True):
    body = json.dumps({"model": "m", "stream": streaming, "messages": [{"role": "user", "content": "hi"}]}).encode()
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        time.sleep(1.4)
    before = len(upstream.posts)
    time.sleep(2.4)
    label = "streaming" if streaming else "non-streaming"
    check(
        before > 0 and len(upstream.posts) - before <= 1,
        label + ": no attempts after the disconnect",
        (before, len(upstream.posts)),
    )
done()
