"""A provider works on a request for a second, on a kept-alive connection, and then closes the connection without a
response. A request is sent no more often than `max_retries` and the number of providers allow, because the provider
bills each attempt."""

from kit import Gateway, Upstream, check, completion, done, provider, reply, table


def sent(pause, providers, retries):
    """Return how many times one request was sent."""

    def answer(request):
        if b"warm" in request.body:
            return reply(completion("warm"))
        return [pause, None]

    upstreams = [Upstream(answer) for _ in range(providers)]
    gateway = Gateway(
        table("[retry]", max_retries=retries, base_delay_ms=10),
        *[provider("p%d" % n, upstream, models=["m*"], priority=n) for n, upstream in enumerate(upstreams)],
    )
    for _ in range(3):
        gateway.chat(text="warm")
    gateway.chat(text="expensive", timeout=15)
    gateway.stop()
    return sum(b"expensive" in request.body for upstream in upstreams for request in upstream.posts)


for label, pause, providers, retries, times_max in (
    ("no retries, one provider", 1.2, 1, 0, 1),
    ("one retry, one provider", 1.2, 1, 1, 2),
    ("no retries, two providers", 1.2, 2, 0, 2),
    ("closed immediately, like an idle connection", 0.0, 1, 0, 2),
):
    times = sent(pause, providers, retries)
    check(1 <= times <= times_max, "%s: sent at most %d times" % (label, times_max), times)
done()
