"""A virtual model has three targets, and the first ones fail. A request goes to the targets in their order until one
answers, and `x-served-by` names it."""

from kit import Gateway, Upstream, check, done, error_reply, provider, table, text_reply

failing = Upstream(lambda request: error_reply(500, "internal error"), ["large"])
limited = Upstream(lambda request: error_reply(429, "rate limit exceeded", ["retry-after: 60"]), ["medium"])
working = Upstream(text_reply("working"), ["small"])
order = []
for upstream, name in ((failing, "failing"), (limited, "limited"), (working, "working")):
    upstream.answer = lambda request, answer=upstream.answer, name=name: order.append(name) or answer(request)
gateway = Gateway(
    table("[retry]", max_retries=0),
    provider("a", failing),
    provider("b", limited),
    provider("c", working),
    table("[[virtual_models]]", name="best", targets=["large", "medium", "small"]),
)
gateway.models()
for stream in (False, True):
    order.clear()
    got = gateway.chat("best", stream=stream)
    label = "streaming" if stream else "non-streaming"
    check(got.status == 200 and got.content == "working", label + ": the last target answers", got)
    check(got.headers.get("x-served-by", "").startswith("c/small"), label + ": x-served-by", got.headers)
    check(order[-1:] == ["working"], label + ": the working target is the last", order)
    if not stream:
        check(order == ["failing", "limited", "working"], label + ": the targets in their order", order)
done()
