"""A history with tool calls of other providers, or of a dialect without IDs, goes to Mistral. Tool call IDs reach
Mistral as nine letters and digits, the same for a call and its result."""

import re

from kit import Gateway, Upstream, check, completion, done, provider, reply


def answer(request):
    messages = request.json["messages"]
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or []]
    results = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    if calls != results or [id for id in calls if not re.fullmatch("[a-zA-Z0-9]{9}", id)]:
        return reply(
            {"object": "error", "message": "invalid tool call ids: %s, %s" % (calls, results), "code": "3280"}, 400
        )
    return reply(completion("Hi"))


gateway = Gateway(provider("up", Upstream(answer, ["mistral-large-latest"]), type="Mistral", api_key="test"))
got = gateway.post(
    "/api/chat",
    {
        "model": "mistral-large-latest",
        "stream": False,
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
            {"role": "tool", "tool_name": "f", "content": "ok"},
        ],
    },
)
check(got.status == 200, "from Ollama's dialect, which has no IDs", got)
got = gateway.post(
    "/v1/messages",
    {
        "model": "mistral-large-latest",
        "max_tokens": 64,
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_01abcDEF", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01abcDEF", "content": "ok"}]},
        ],
    },
)
check(got.status == 200, "from the Messages API, with an ID of another provider", got)
done()
