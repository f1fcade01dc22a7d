"""An agent has a tool with a name of 78 characters, and the model's provider (OpenAI, Gemini) accepts 64. A tool name
that is too long is shortened in the upstream request and restored in the response, in tool calls and in the
history."""

from kit import Gateway, Upstream, check, completion, done, error_reply, gemini_response, provider, reply

LONG = "mcp__plugin_some-plugin_with-a-name_some-server__get_video_enhanced_transcript"


def answer(request):
    tools = request.json.get("tools", [])
    names = [tool["function"]["name"] for tool in tools if "function" in tool]
    names += [function["name"] for tool in tools for function in tool.get("functionDeclarations", [])]
    if [name for name in names if len(name) > 64] or LONG in request.body.decode():
        return error_reply(400, "tool name longer than 64 characters", code=400, status="INVALID_ARGUMENT")
    if "chat" in request.path:
        return reply(
            completion(
                {"tool_calls": [{"id": "c1", "type": "function", "function": {"name": names[0], "arguments": "{}"}}]},
                "tool_calls",
            )
        )
    return reply(gemini_response({"functionCall": {"name": names[0], "args": {}}}))


upstream = Upstream(answer)
gateway = Gateway(
    provider("openai", upstream, type="OpenAi", api_key="sk-test", models=["gpt*"]),
    provider("google", upstream, type="Google", api_key="AIza-test", models=["gemini*"]),
)
for model in ("gpt-4.1", "gemini-2.5-flash"):
    messages = [{"role": "user", "content": "go"}]
    for label in ("without a history", "with a tool call in the history"):
        got = gateway.post(
            "/v1/messages",
            {
                "model": model,
                "max_tokens": 64,
                "messages": messages,
                "tools": [{"name": LONG, "input_schema": {"type": "object", "properties": {}}}],
            },
        )
        calls = [block for block in (got.json or {}).get("content", []) if block["type"] == "tool_use"]
        check([call["name"] for call in calls] == [LONG], "%s, %s" % (model, label), got)
        messages += [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": LONG, "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}]},
        ]
done()
