"""A caller requests `local/m`, which names the provider, and that provider fails or is unreachable. A request that
names its provider never goes to another provider, and the error is that of the named provider."""

from kit import Gateway, Upstream, check, done, error_reply, free_port, provider, table, text_reply

failing = Upstream(lambda request: error_reply(500, "out of memory"))
for label, where, message in (
    ("it fails", failing, "out of memory"),
    ("it is unreachable", "http://127.0.0.1:%d" % free_port(), "local"),
):
    other = Upstream(text_reply("cloud"))
    gateway = Gateway(table("[retry]", max_retries=0), provider("local", where), provider("cloud", other))
    for members in ({}, {"stream": True}):
        got = gateway.chat("local/m", "a private prompt", **members)
        variant = label + (", streaming" if members else "")
        check(not other.received("a private prompt"), variant + ": no other provider receives the prompt")
        check(
            got.status >= 500 and message in got.text and "cloud" not in got.text,
            variant + ": the error is its own",
            got,
        )
    got = gateway.post(
        "/v1/messages", {"model": "local/m", "max_tokens": 9, "messages": [{"role": "user", "content": "secret"}]}
    )
    check(not other.received("secret"), label + ", Messages: no other provider receives the prompt")
    gateway.stop()
done()
