"""A caller of OpenAI's dialect marks its system message, a user message, and a tool with `cache_control`, and the model
is Anthropic's. All three `cache_control` members reach Anthropic, which otherwise bills the whole prompt each
time."""

from kit import Gateway, Upstream, check, done, provider

upstream = Upstream(models=["claude-sonnet-4-5"])
gateway = Gateway(provider("up", upstream, type="Anthropic", api_key="sk-ant-test"))
cache_control = {"type": "ephemeral"}
answer = gateway.post(
    "/v1/chat/completions",
    {
        "model": "claude-sonnet-4-5",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "long rules", "cache_control": cache_control}]},
            {"role": "user", "content": [{"type": "text", "text": "go", "cache_control": cache_control}]},
        ],
        "tools": [
            {
                "type": "function",
                "cache_control": cache_control,
                "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
            }
        ],
    },
)
check(answer.status == 200, "the request succeeds", answer)
sent = upstream.posts[0].body.count(b'"cache_control"')
check(
    sent == 3,
    "three cache_control members",
    "%d, x-dropped-params: %s" % (sent, answer.headers.get("x-dropped-params")),
)
done()
