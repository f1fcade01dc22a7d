"""A provider rejects the gateway's API key (401), and the operator replaces it in the configuration and reloads. The
first request after the reload uses the new API key, without waiting for the cooldown of the old one."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply, text_reply


def answer(request):
    if request.headers.get("authorization") == "Bearer good-key":
        return reply(completion("first"))
    return error_reply(401, "invalid API key")


first, second = Upstream(answer), Upstream(text_reply("second"))


def tables(key):
    return provider("first", first, api_key=key, models=["m*"], priority=1), provider(
        "second", second, models=["m*"], priority=2
    )


gateway = Gateway(*tables("old-key"))
check(gateway.chat().content == "second", "the second provider answers at the start")
gateway.configure(*tables("good-key"))
check(gateway.reload().status == 200, "the reload succeeds")
got = gateway.chat()
check(
    got.content == "first",
    "the next request uses the new API key",
    "%s, %s" % (got.content, gateway.get("/v1/health/providers").json[0]),
)
done()
