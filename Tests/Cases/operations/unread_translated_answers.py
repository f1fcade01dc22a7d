"""A memory limit is set. Many callers of another dialect receive responses of nearly 16 MiB, whose characters are
longer when they are escaped again, and read nothing. Resident memory stays near the limit, and a request that runs is
not lost."""

import json
import socket
import threading
import time

from kit import Gateway, Upstream, check, completion, done, provider, reply, server, slow_stream, text_reply

ALONE = True  # Measures memory.

MEMORY_BYTES_MAX = 200 << 20
LARGE = reply(json.dumps(completion("@@")).encode().replace(b"@@", b"\x7f\\u0001<" * (((16 << 20) - 65536) // 8)))


def answer(request):
    if b"words" in request.body:
        return slow_stream(["w%d " % number for number in range(60)], 0.1)
    return LARGE if b"large" in request.body else text_reply("hi")(request)


gateway = Gateway(server(memory_bytes_max=MEMORY_BYTES_MAX), provider("up", Upstream(answer)))
responses = []
running = threading.Thread(target=lambda: responses.append(gateway.chat(text="words", stream=True, timeout=40)))
running.start()
time.sleep(0.5)
body = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "large"}]}).encode()
head = b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
clients, most, end = [], 0, time.monotonic() + 6
for _ in range(40):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", gateway.port))
    client.sendall(head % len(body) + body)
    clients.append(client)
while time.monotonic() < end:
    with open("/proc/%d/statm" % gateway.process.pid) as file:
        most = max(most, int(file.read().split()[1]) >> 8)
    time.sleep(0.02)
check(most < 400, "less than 400 MiB, twice the limit", "%d MiB" % most)
running.join()
check(responses[0].content.count("w") == 60 and not responses[0].error, "the running stream completes", responses[0])
for client in clients:
    client.close()
time.sleep(1)
check(gateway.chat().status == 200, "a request is answered when the clients have left", gateway.chat())
done()
