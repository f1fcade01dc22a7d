"""A caller of OpenAI's dialect begins the response itself, with a text that ends in white space, which Anthropic
rejects. Translation removes white space at the end of the last message, so that the request succeeds."""

from kit import Gateway, Upstream, anthropic_message, check, done, provider, reply


def answer(request):
    last = request.json["messages"][-1]
    text = last["content"] if isinstance(last["content"], str) else last["content"][-1].get("text", "")
    if last["role"] == "assistant" and text != text.rstrip():
        return reply(
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "final assistant content cannot end with trailing whitespace",
                },
            },
            400,
        )
    return reply(anthropic_message("Oslo"))


gateway = Gateway(provider("up", Upstream(answer, ["claude-sonnet-4-5"]), type="Anthropic", api_key="sk-ant-test"))
got = gateway.post(
    "/v1/chat/completions",
    {
        "model": "claude-sonnet-4-5",
        "messages": [
            {"role": "user", "content": "Capital of Norway?"},
            {"role": "assistant", "content": "The answer is:\n "},
        ],
    },
)
check(got.status == 200, "the request succeeds", got)
done()
