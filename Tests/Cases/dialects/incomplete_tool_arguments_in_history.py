"""A truncated tool call remains in the history of a conversation with an Anthropic model, with half of its arguments. A
history with an incomplete tool call is accepted in both of OpenAI's dialects."""

from kit import Gateway, Upstream, check, done, provider

INCOMPLETE = '{"path": "a.txt", "text": "half of'
gateway = Gateway(provider("up", Upstream(models=["claude-sonnet-4-5"]), type="Anthropic", api_key="sk-ant-test"))
got = gateway.post(
    "/v1/chat/completions",
    {
        "model": "claude-sonnet-4-5",
        "messages": [
            {"role": "user", "content": "write"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "write", "arguments": INCOMPLETE}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "the arguments are not JSON"},
            {"role": "user", "content": "again"},
        ],
        "tools": [{"type": "function", "function": {"name": "write"}}],
    },
)
check(got.status == 200, "chat completions", got)
got = gateway.post(
    "/v1/responses",
    {
        "model": "claude-sonnet-4-5",
        "input": [
            {"role": "user", "content": "write"},
            {"type": "function_call", "call_id": "c1", "name": "write", "arguments": INCOMPLETE},
            {"type": "function_call_output", "call_id": "c1", "output": "the arguments are not JSON"},
        ],
        "tools": [{"type": "function", "name": "write"}],
    },
)
check(got.status == 200, "Responses", got)
done()
