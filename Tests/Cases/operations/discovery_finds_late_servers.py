"""A gateway runs without a configuration, and a model server starts minutes later on its default port. Discovery finds
a server within 30 seconds of its start, and its models are available without a restart."""

from kit import Gateway, Upstream, check, done, in_namespaces, text_reply, wait_until

LIMIT = 90
in_namespaces("net")
gateway = Gateway(file=None)
got = gateway.chat("llama3.2:3b")
check(got.status != 200, "no provider has the model at the start", got)
upstream = Upstream(text_reply("from the late server"), ["llama3.2:3b"], port=11434)
check(
    wait_until(lambda: "late server" in gateway.chat("llama3.2:3b").text, 40, 1),
    "the server answers within 40 s",
    gateway.chat("llama3.2:3b"),
)
check("llama3.2:3b" in gateway.models(), "its model is listed", gateway.models())
done()
