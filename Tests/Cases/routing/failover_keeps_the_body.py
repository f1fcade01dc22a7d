"""The first provider of a model is unreachable, overloaded, or fails before any output, and the second works. The
second provider receives the caller's messages and parameters unchanged, once, and the caller gets its response."""

from kit import Gateway, Upstream, check, done, error_reply, free_port, provider, text_reply

MESSAGES = [
    {"role": "system", "content": "Be brief. \u00fc \U0001f999"},
    {"role": "user", "content": [{"type": "text", "text": 'quoted "text" and \\ backslash'}]},
]
MEMBERS = {"temperature": 0.25, "seed": 7, "stop": ["END"], "unknown_member": {"a": [1, 2.50, None]}}
for label, first in (
    ("unreachable", "http://127.0.0.1:%d" % free_port()),
    ("overloaded", Upstream(lambda request: error_reply(503, "overloaded"))),
    ("failing", Upstream(lambda request: error_reply(500, "internal error"))),
    ("closed before a response", Upstream(lambda request: None)),
):
    second = Upstream(text_reply("second"))
    gateway = Gateway(
        provider("first", first, models=["m"], priority=1), provider("second", second, models=["m"], priority=2)
    )
    for stream in (False, True):
        second.requests.clear()
        body = {"model": "m", "stream": stream, "messages": MESSAGES, **MEMBERS}
        got = gateway.post("/v1/chat/completions", body)
        variant = "%s, %s" % (label, "streaming" if stream else "non-streaming")
        check(got.status == 200 and got.content == "second", variant + ": the second provider answers", got)
        check(len(second.posts) == 1, variant + ": one attempt", len(second.posts))
        sent = {name: value for name, value in (second.bodies or [{}])[-1].items() if name != "stream_options"}
        check(sent == body, variant + ": the body is unchanged", sent)
    gateway.stop()
done()
