"""The only provider of a model responds 429 once, with or without the time to wait. The caller gets 429 with a whole
number of seconds, and the next request is sent to the provider again."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply

for headers in (
    (),
    ("retry-after: 60",),
    ("retry-after: 0",),
    ("retry-after: -5",),
    ("retry-after: 1.5",),
    ("retry-after: soon",),
    ("x-ratelimit-reset-requests: 6m0s",),
):
    upstream = Upstream(
        lambda request: (
            error_reply(429, "rate limit exceeded", headers) if len(upstream.posts) == 1 else reply(completion("fine"))
        )
    )
    gateway = Gateway(provider("up", upstream, api_key="key-1"))
    rate_limited, next_response = gateway.chat(), gateway.chat()
    label = headers[0] if headers else "no header"
    check(
        rate_limited.status == 429 and rate_limited.headers.get("retry-after", "").isdigit(),
        label + ": a 429 with whole seconds in retry-after",
        "%s, retry-after %s" % (rate_limited, rate_limited.headers.get("retry-after")),
    )
    check(next_response.status == 200, label + ": the next request is answered", next_response)
    gateway.stop()
done()
