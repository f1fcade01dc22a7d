"""A client unloads an Ollama model with a request without a prompt and `keep_alive: 0`, like `ollama stop`.
`keep_alive: 0` reaches the Ollama that lists the model, also after a candidate of another provider type, instead of
being answered by hoosh."""

from kit import Gateway, Upstream, check, done, provider

ollama_server, other = Upstream(models=["llama3.2"]), Upstream(models=["gpt-4o"])
unload = {"model": "llama3.2", "keep_alive": 0, "stream": False}


def unload_requests():
    return [body for body in ollama_server.bodies if body.get("keep_alive") == 0]


for label, first in (("alone", []), ("after another provider", [provider("other", other, priority=1)])):
    gateway = Gateway(*first, provider("ollama", ollama_server, type="Ollama", priority=2))
    gateway.models()
    for path, members in (("/api/generate", {}), ("/api/chat", {"messages": []})):
        ollama_server.requests.clear()
        got = gateway.post(path, {**unload, **members})
        check(
            got.status == 200 and unload_requests(),
            "%s, %s" % (label, path),
            "%s; received: %s" % (got, ollama_server.bodies),
        )
    gateway.stop()
done()
