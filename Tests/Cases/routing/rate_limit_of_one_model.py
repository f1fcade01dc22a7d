"""A hosted provider limits the rate of one of its models (429, one minute), and another provider does not have that
model. A request for the rate-limited model is a 429 with `retry-after`, and the provider's other models stay
available."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def router(request):
    if request.json["model"] == "big:free":
        return error_reply(429, "Rate limit exceeded: big:free", ["retry-after: 60"], code=429)
    return reply(completion("router"))


def other(request):
    if request.json["model"] == "else":
        return reply(completion("other"))
    return error_reply(404, "model `%s` not found" % request.json["model"], code="model_not_found")


gateway = Gateway(
    provider("router", Upstream(router, ["big:free", "small"]), api_key="key-1", priority=1),
    provider("other", Upstream(other, ["else"]), api_key="key-2", priority=2),
)
gateway.models()
check(gateway.chat("small").status == 200, "the other model is answered before the 429")
got = gateway.chat("big:free")
check(got.status == 429 and "retry-after" in got.headers, "the rate-limited model is a 429 with retry-after", got)
got = gateway.chat("small")
check(got.status == 200 and got.content == "router", "the other model is answered after the 429", got)
done()
