"""A caller names its user by an e-mail address, which Anthropic rejects, or with more characters than OpenAI accepts. A
user ID that the provider would reject is omitted, or replaced by one that it accepts."""

from kit import Gateway, Upstream, anthropic_message, check, completion, done, error_reply, provider, reply


def reject_email(request):
    if "@" in str((request.json.get("metadata") or {}).get("user_id")):
        return reply(
            {
                "type": "error",
                "error": {"type": "invalid_request_error", "message": "metadata.user_id must not be an e-mail address"},
            },
            400,
        )
    return reply(anthropic_message("Hi"))


def reject_length(request):
    if len(request.json.get("user", "")) > 64:
        return error_reply(400, "'user' is longer than 64 characters", type="invalid_request_error", param="user")
    return reply(completion("Hi"))


gateway = Gateway(
    provider("anthropic", Upstream(reject_email), type="Anthropic", api_key="sk-ant-test", models=["claude*"]),
    provider("openai", Upstream(reject_length), type="OpenAi", api_key="sk-test", models=["gpt*"]),
)
got = gateway.chat("claude-sonnet-4-5", user="ann@example.org")
check(got.status == 200, "an e-mail address to Anthropic", got)
user_id = "user_" + "ab" * 32 + "_account_00000000-0000-4000-8000-000000000000"
got = gateway.post(
    "/v1/messages",
    {
        "model": "gpt-4.1",
        "max_tokens": 64,
        "metadata": {"user_id": user_id},
        "messages": [{"role": "user", "content": "go"}],
    },
)
check(got.status == 200, "a user ID of 114 characters to OpenAI", got)
done()
