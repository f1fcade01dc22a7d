"""Several hosted providers are configured by their API keys alone, without patterns, each with a model list of its own.
A model that one provider lists goes only to that provider, with its error, and a name that no provider lists goes to
none."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply, table


def hosted(models, error=None):
    def answer(request):
        if request.json["model"] not in models:
            return error_reply(404, "model `%s` not found" % request.json["model"], code="model_not_found")
        return error or reply(completion("hi"))

    return Upstream(answer, models)


def gateway_of(openai, deepseek):
    gateway = Gateway(
        table("[retry]", max_retries=0),
        provider("openai", openai, type="OpenAi", api_key="sk-test", priority=20),
        provider("deepseek", deepseek, type="DeepSeek", api_key="sk-test", priority=20),
    )
    gateway.models()
    return gateway


for label, error, statuses, message in (
    (
        "rate limited",
        error_reply(429, "rate limit exceeded at openai", ["retry-after: 30"]),
        (429,),
        "rate limit exceeded at openai",
    ),
    ("failing", error_reply(500, "internal error at openai"), range(500, 600), "internal error at openai"),
):
    openai, deepseek = hosted(["gpt-4o"], error), hosted(["deepseek-chat"])
    gateway = gateway_of(openai, deepseek)
    got = gateway.chat("gpt-4o", "a prompt")
    check(not deepseek.received("a prompt"), label + ": the other provider receives nothing")
    check(got.status in statuses and message in got.text, label + ": the error is its own", got)
    gateway.stop()

openai, deepseek = hosted(["gpt-4o"]), hosted(["deepseek-chat"])
gateway = gateway_of(openai, deepseek)
got = gateway.chat("deepseek-chat", "for deepseek")
check(got.status == 200 and not openai.received("for deepseek"), "a listed model goes only to its provider", got)
got = gateway.chat("my-finetune:7b", "for none")
check(got.status == 404, "an unlisted name is a 404", got)
check(
    not openai.received("for none") and not deepseek.received("for none"),
    "no provider receives its prompt",
    [name for name, upstream in (("openai", openai), ("deepseek", deepseek)) if upstream.received("for none")],
)
done()
