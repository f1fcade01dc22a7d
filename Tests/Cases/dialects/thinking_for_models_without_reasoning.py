"""An agent that always enables thinking uses models that are known not to support it. Requests for models without
reasoning do not contain `reasoning_effort`, which their providers reject."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def answer(request):
    if "reasoning_effort" in request.json:
        return error_reply(400, "unknown argument: reasoning_effort", type="invalid_request_error")
    return reply(completion("Hi"))


for kind, model in (
    ("OpenAi", "gpt-4.1"),
    ("Groq", "llama-3.3-70b-versatile"),
    ("Grok", "grok-4-fast-non-reasoning"),
    ("Mistral", "codestral-latest"),
):
    gateway = Gateway(provider("up", Upstream(answer, [model]), type=kind, api_key="sk-test"))
    for thinking in ({"type": "enabled", "budget_tokens": 8000}, {"type": "adaptive"}):
        got = gateway.post(
            "/v1/messages",
            {
                "model": model,
                "max_tokens": 16000,
                "thinking": thinking,
                "messages": [{"role": "user", "content": "go"}],
            },
        )
        check(got.status == 200, "%s, thinking %s" % (model, thinking["type"]), got)
    gateway.stop()
done()
