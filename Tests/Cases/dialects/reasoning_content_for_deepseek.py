"""A caller of the Messages API returns a thinking block with a tool call to DeepSeek, which requires both. A thinking
block reaches DeepSeek as `reasoning_content`, and the request succeeds."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def answer(request):
    for message in request.json["messages"]:
        if message["role"] == "assistant" and message.get("tool_calls") and "reasoning_content" not in message:
            return error_reply(400, "missing reasoning_content", type="invalid_request_error")
    return reply(completion({"content": "Done", "reasoning_content": "hm"}))


upstream = Upstream(answer, ["deepseek-reasoner"])
gateway = Gateway(provider("up", upstream, type="DeepSeek", api_key="sk-test"))
got = gateway.post(
    "/v1/messages",
    {
        "model": "deepseek-reasoner",
        "max_tokens": 64,
        "messages": [
            {"role": "user", "content": "read it"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "I should read.", "signature": ""},
                    {"type": "tool_use", "id": "call_7", "name": "read", "input": {"p": 1}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_7", "content": "ok"}]},
        ],
        "tools": [{"name": "read", "input_schema": {"type": "object", "properties": {}}}],
    },
)
check(got.status == 200, "the request succeeds", got)
check(upstream.received("I should read."), "the thinking arrives")
done()
