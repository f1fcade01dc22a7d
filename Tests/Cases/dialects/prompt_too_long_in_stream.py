"""A local server starts a stream with 200 and reports in its only event that the prompt is too long (code 400). The
caller receives a 400 with the server's message, so that an agent can shorten the history, and the server gets one
attempt."""

from kit import Gateway, Upstream, check, done, provider, sse_stream

MESSAGE = "the request exceeds the available context size, try increasing it"
upstream = Upstream(
    lambda request: sse_stream(
        {"error": {"code": 400, "message": MESSAGE, "type": "exceed_context_size_error"}}, done=False
    )
)
gateway = Gateway(provider("up", upstream, type="LlamaCpp"))
got = gateway.chat(stream=True)
check(got.status == 400, "a 400", got)
check(MESSAGE in got.text, "the server's message", got)
check(len(upstream.posts) == 1, "one attempt", len(upstream.posts))
done()
