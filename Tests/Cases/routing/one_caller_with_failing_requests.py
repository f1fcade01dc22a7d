"""One caller's prompt makes every server of a model fail with 500, and the caller sends it about once a second.
Requests of other callers are still answered while one caller's requests fail."""

import time

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, error_reply, provider, text_reply

OTHER = {"authorization": "Bearer an-api-key-of-another-caller"}


def answer(request):
    return error_reply(500, "CUDA error") if b"boom" in request.body else text_reply("fine")(request)


gateway = Gateway(
    auth(KEY, "an-api-key-of-another-caller"), provider("a", Upstream(answer)), provider("b", Upstream(answer))
)
for _ in range(6):
    gateway.chat(text="boom", headers=OTHER)
rejected, sent, end = 0, 0, time.monotonic() + 10
while time.monotonic() < end:
    got = gateway.chat(headers=BEARER)
    sent += 1
    rejected += got.status != 200
    if sent % 4 == 0:
        gateway.chat(text="boom", headers=OTHER)
    time.sleep(0.25)
check(rejected == 0, "no request of another caller is rejected", "%d of %d" % (rejected, sent))
done()
