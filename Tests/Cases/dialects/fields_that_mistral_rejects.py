"""Callers of other dialects set a user and a seed, and the model is Mistral's, which rejects unknown fields. For
Mistral, `user` is omitted and named in `x-dropped-params`, and the seed is sent as `random_seed`."""

from kit import Gateway, Upstream, check, completion, done, provider, reply

KNOWN = {
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "stream",
    "stop",
    "random_seed",
    "response_format",
    "tools",
    "tool_choice",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "prediction",
    "parallel_tool_calls",
    "prompt_mode",
    "safe_prompt",
    "metadata",
    "reasoning_effort",
}


def answer(request):
    extra = sorted(set(request.json) - KNOWN)
    if extra:
        return reply({"object": "error", "message": "extra inputs: %s" % extra, "type": "invalid_request_error"}, 422)
    return reply(completion("Hi"))


upstream = Upstream(answer, ["mistral-large-latest"])
gateway = Gateway(provider("up", upstream, type="Mistral", api_key="test"))
got = gateway.post(
    "/v1/messages",
    {
        "model": "mistral-large-latest",
        "max_tokens": 9,
        "metadata": {"user_id": "u-1"},
        "messages": [{"role": "user", "content": "go"}],
    },
)
check(got.status == 200, "a user in the Messages API", got)
check(
    "user" in got.headers.get("x-dropped-params", ""), "the omitted user is named", got.headers.get("x-dropped-params")
)
got = gateway.post(
    "/api/chat",
    {
        "model": "mistral-large-latest",
        "stream": False,
        "options": {"seed": 7},
        "messages": [{"role": "user", "content": "go"}],
    },
)
check(got.status == 200, "a seed in Ollama's dialect", got)
check(upstream.bodies[-1].get("random_seed") == 7, "the seed arrives", upstream.bodies[-1])
done()
