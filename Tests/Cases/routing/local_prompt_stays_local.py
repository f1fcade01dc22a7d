"""A local Ollama fails for a model that only it lists, beside hosted providers that list other models. The prompt of a
local model never goes to a provider that does not list the model, and the caller gets the local server's error."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply, table


def hosted(request):
    if request.json["model"].startswith("gpt"):
        return reply(completion("hosted"))
    return error_reply(404, "model `%s` not found" % request.json["model"], code="model_not_found")


local = Upstream(
    lambda request: error_reply(500, "llama runner process has terminated: signal: killed"), ["llama3.2:3b"]
)
upstreams = {"openai": Upstream(hosted, ["gpt-4o", "gpt-4o-mini"]), "groq": Upstream(hosted, ["gpt-oss-20b"])}
gateway = Gateway(
    table("[retry]", max_retries=0),
    provider("ollama", local, type="Ollama", priority=10),
    provider("openai", upstreams["openai"], type="OpenAi", api_key="sk-test", priority=20),
    provider("groq", upstreams["groq"], type="Groq", api_key="gsk-test", priority=20),
)
gateway.models()
got = gateway.chat("llama3.2:3b", "a private prompt")
received = [name for name, upstream in upstreams.items() if upstream.received("a private prompt")]
check(not received, "no hosted provider receives the prompt", received)
check(got.status >= 500 and "killed" in got.text, "the error contains the local server's message", got)
done()
