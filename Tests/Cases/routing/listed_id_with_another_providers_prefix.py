"""A local server lists `openai/gpt-oss-20b`, and a hosted provider is named `openai` and does not list `gpt-oss-20b`. A
request goes to the server that lists exactly its model ID, and the provider named like the prefix never receives the
prompt."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def upstream_with(model, content):
    def answer(request):
        if request.json["model"] == model:
            return reply(completion(content))
        return error_reply(404, "model `%s` not found" % request.json["model"], code="model_not_found")

    return Upstream(answer, [model])


local, hosted = upstream_with("openai/gpt-oss-20b", "local"), upstream_with("gpt-4o", "hosted")
gateway = Gateway(
    provider("lmstudio", local, type="LmStudio", priority=1),
    provider("openai", hosted, type="OpenAi", api_key="sk-test", priority=20),
)
gateway.models()
got = gateway.chat("openai/gpt-oss-20b", "a private prompt")
check(got.status == 200 and got.content == "local", "the local server answers", got)
check(not hosted.received("a private prompt"), "the hosted provider does not receive the prompt")
got = gateway.chat("openai/gpt-4o")
check(got.status == 200 and got.content == "hosted", "the hosted provider still answers openai/gpt-4o", got)
done()
