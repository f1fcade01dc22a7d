"""Forty agents start together and ask the same. With a cache one request reaches the provider; all get its answer, streams and
whole answers, in OpenAI's and Anthropic's dialects; and the first one's leaving changes nothing for the others."""

import socket
import threading
import time

from kit import Gateway, Upstream, check, done, provider, server, table, text_reply

arrived = threading.Event()


def answer(request):
    arrived.set()
    yield 2
    yield text_reply("hello there")(request)


upstream = Upstream(answer)
gateway = Gateway(server(), provider("up", upstream), table("[cache]", enabled=True, temperature_max=1))
chat = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
got = []
lock = threading.Lock()


def ask(number):
    path = "/v1/messages" if number % 2 else "/v1/chat/completions"
    response = gateway.post(path, chat)
    with lock:
        got.append(response)


first = socket.create_connection(("127.0.0.1", gateway.port))
body = b'{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}'
first.sendall(
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    + b"Content-Length: %d\r\n\r\n" % len(body)
    + body
)
check(arrived.wait(10), "the first request reaches the provider", len(upstream.posts))
threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
for thread in threads:
    thread.start()
time.sleep(1)
first.close()
for thread in threads:
    thread.join()
check(len(upstream.posts) == 1, "one request reaches the provider", len(upstream.posts))
check(all(response.status == 200 for response in got), "all are answered", [response.status for response in got])
check(all("hello there" in response.text for response in got), "with the same text", got[:1])
check(
    all(response.headers.get("x-cache") == "shared" for response in got),
    "and each response says that it is shared",
    [response.headers.get("x-cache") for response in got],
)
later = gateway.post("/v1/chat/completions", chat)
check(later.headers.get("x-cache") == "hit", "a later request is answered from memory", later)
check(len(upstream.posts) == 1, "without the provider", len(upstream.posts))
done()
