"""Two local servers have different models, and only their model lists say which, because no patterns are configured. A
listed model routes to the server that lists it, streaming, non-streaming, and in other dialects; a model that no
server lists is a 404."""

from kit import Gateway, Upstream, check, done, error_reply, provider, text_reply


def upstream_with(model, content):
    def answer(request):
        if request.json["model"] == model:
            return text_reply(content)(request)
        return error_reply(404, 'model "%s" not found, try pulling it first' % request.json["model"], type="api_error")

    return Upstream(answer, [model])


for label, second_type in (("two servers of one type", "Ollama"), ("two provider types", "Vllm")):
    first, second = upstream_with("llama3.2:3b", "first"), upstream_with("qwen3:8b", "second")
    gateway = Gateway(
        provider("desk", first, type="Ollama", priority=1), provider("attic", second, type=second_type, priority=2)
    )
    listed = gateway.models()
    check(listed == ["llama3.2:3b", "qwen3:8b"], label + ": both models are listed", listed)
    for variant, send in (
        ("non-streaming", lambda model: gateway.chat(model)),
        (
            "Ollama's dialect",
            lambda model: gateway.post(
                "/api/chat", {"model": model, "stream": False, "messages": [{"role": "user", "content": "hi"}]}
            ),
        ),
    ):
        for model, content in (("llama3.2:3b", "first"), ("qwen3:8b", "second")):
            got = send(model)
            check(
                got.status == 200 and content in got.text,
                "%s: %s is answered by its server, %s" % (label, model, variant),
                got,
            )
    if second_type == "Vllm":
        got = gateway.chat("qwen3:8b", stream=True)
        check(got.status == 200 and got.content == "second", label + ": streaming", got)
    misrouted = {body["model"] for body in first.bodies} & {"qwen3:8b"} | {body["model"] for body in second.bodies} & {
        "llama3.2:3b"
    }
    check(not misrouted, label + ": no server receives a request for the other's model", misrouted)
    check(gateway.chat("unlisted-model").status == 404, label + ": an unlisted model is a 404")
    gateway.stop()
done()
