"""Requests of several callers fail at all providers of a model, until the circuit breakers of all are open. Then the
providers recover. The next request is answered at once, because one of the providers is tried anyway."""

from kit import Gateway, Upstream, auth, check, done, error_reply, provider, table, text_reply

KEYS = ["an-api-key-of-caller-%d" % number for number in range(4)]
STATE = {"fails": True}


def answer(request):
    return error_reply(500, "CUDA error") if STATE["fails"] else text_reply("fine")(request)


gateway = Gateway(
    auth(*KEYS),
    table("[breaker]", consecutive_failures_max=3, open_secs=30),
    table("[retry]", max_retries=0),
    *[provider(name, Upstream(answer)) for name in "abc"],
)
for number in range(40):
    gateway.chat(headers={"authorization": "Bearer " + KEYS[number % 4]})
STATE["fails"] = False
for key in KEYS:
    got = gateway.chat(headers={"authorization": "Bearer " + key})
    check(got.status == 200, "a request is answered after the recovery", got)
    check(got.seconds < 2, "at once", "%.1f s" % got.seconds)
done()
