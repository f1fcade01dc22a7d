"""A server sends tool calls without IDs, or with the same ID in each response, and the calls of several messages meet
in one history. No two tool calls have the same ID, neither in responses to a caller nor in a history for
Anthropic."""

from kit import Gateway, Upstream, check, completion, done, ollama_response, provider, reply

body = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "go"}]}
without = Upstream(
    lambda request: reply(ollama_response({"tool_calls": [{"function": {"name": "f", "arguments": {"n": 1}}}]}))
)
gateway = Gateway(provider("up", without, type="Ollama"))
ids = [gateway.post("/v1/messages", body).json["content"][0]["id"] for _ in range(2)]
check(len(set(ids)) == 2, "two responses of Ollama", ids)
gateway.stop()

without = Upstream(
    lambda request: reply(
        completion({"tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{}"}}]}, "tool_calls")
    )
)
gateway = Gateway(provider("up", without))
ids = [gateway.post("/v1/messages", body).json["content"][0]["id"] for _ in range(2)]
check(len(set(ids)) == 2, "two responses of an OpenAI server without IDs", ids)
gateway.stop()

claude = Upstream(models=["claude-sonnet-4-5"])
gateway = Gateway(provider("up", claude, type="Anthropic", api_key="sk-ant-test"))
messages = [{"role": "user", "content": "go"}]
for n in (1, 2):
    messages += [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": '{"n":%d}' % n}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": str(n)},
    ]
gateway.post("/v1/chat/completions", {"model": "claude-sonnet-4-5", "messages": messages})
blocks = [block for message in claude.bodies[0]["messages"] for block in message["content"] if isinstance(block, dict)]
calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
check(len(set(calls)) == 2, "a history with a duplicate ID", calls)
check(calls == results, "each result has the ID of its call", (calls, results))
done()
