"""An agent sends `thinking: adaptive` with every request, and its Ollama model does not support thinking. A request to
Ollama does not enable thinking because of adaptive thinking, which requires nothing, and it succeeds."""

from kit import Gateway, Upstream, check, done, ollama_response, provider, reply


def answer(request):
    if request.json.get("think"):
        return reply({"error": '"llama3.2" does not support thinking'}, 400)
    return reply(ollama_response("Hi"))


gateway = Gateway(provider("up", Upstream(answer, ["llama3.2"]), type="Ollama"))
got = gateway.post(
    "/v1/messages",
    {
        "model": "llama3.2",
        "max_tokens": 64,
        "thinking": {"type": "adaptive"},
        "messages": [{"role": "user", "content": "go"}],
    },
)
check(got.status == 200, "the request succeeds", got)
done()
