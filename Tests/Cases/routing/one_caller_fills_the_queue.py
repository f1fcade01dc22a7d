"""One caller sends more requests than the queue holds, to the only provider of a model, which answers one at a time.
Requests of another caller, of no higher priority, still get a place in the queue, and are answered before most of
those."""

import threading
import time

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, provider, table, text_reply

OTHER = {"authorization": "Bearer an-api-key-of-another-caller"}


def answer(request):
    yield 0.2
    yield text_reply("hi")(request)


gateway = Gateway(
    auth(KEY, "an-api-key-of-another-caller"),
    table("[queue]", capacity=40),
    provider("up", Upstream(answer), max_concurrent=1),
)
greedy = [threading.Thread(target=lambda: gateway.chat(headers=OTHER, timeout=20), daemon=True) for _ in range(80)]
for thread in greedy:
    thread.start()
time.sleep(1)
for number in range(3):
    got = gateway.chat(headers=BEARER, timeout=20)
    check(got.status == 200, "request %d of another caller is answered" % number, got)
    check(got.seconds < 4, "request %d of another caller does not wait for all others" % number, "%.1f s" % got.seconds)
done()
