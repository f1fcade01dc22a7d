"""A caller of OpenAI's dialect sends a newline as a stop sequence, which Anthropic rejects. A stop sequence of white
space is omitted and named in `x-dropped-params`, and the others are sent."""

from kit import Gateway, Upstream, anthropic_message, check, done, provider, reply


def answer(request):
    if [text for text in request.json.get("stop_sequences", []) if not text.strip()]:
        return reply(
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "stop_sequences: each stop sequence must contain non-whitespace",
                },
            },
            400,
        )
    return reply(anthropic_message("Hi"))


upstream = Upstream(answer, ["claude-sonnet-4-5"])
gateway = Gateway(provider("up", upstream, type="Anthropic", api_key="sk-ant-test"))
got = gateway.chat("claude-sonnet-4-5", stop=["\n", "END"])
check(got.status == 200, "the request succeeds", got)
check(
    "stop" in got.headers.get("x-dropped-params", ""),
    "the omitted sequence is named",
    got.headers.get("x-dropped-params"),
)
check(
    upstream.bodies[-1].get("stop_sequences") == ["END"],
    "the other sequence is sent",
    upstream.bodies[-1].get("stop_sequences"),
)
done()
