"""An Anthropic response has two signed thinking blocks; an OpenAI client joins the stream by index and sends it back.
Both thinking blocks reach Anthropic again, each with its own signature, because otherwise Anthropic rejects the tool
result."""

from kit import Gateway, Upstream, anthropic_message, check, done, provider, reply, sse_stream


def block(index, start, *deltas):
    yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
    yield "content_block_stop", {"type": "content_block_stop", "index": index}


def thinking_block(index, text, signature):
    return block(
        index,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": text},
        {"type": "signature_delta", "signature": signature},
    )


items = [
    (
        "message_start",
        {
            "type": "message_start",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "theirs",
                "content": [],
                "stop_reason": None,
                "usage": {"input_tokens": 9, "output_tokens": 1},
            },
        },
    ),
    *thinking_block(0, "First.", "U0lHMQ=="),
    *block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Let me see."}),
    *thinking_block(2, "Second.", "U0lHMg=="),
    *block(
        3,
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
        {"type": "input_json_delta", "partial_json": "{}"},
    ),
    ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}}),
    ("message_stop", {"type": "message_stop"}),
]
upstream = Upstream(
    lambda request: sse_stream(*items, done=False) if request.json.get("stream") else reply(anthropic_message("Done")),
    ["claude-sonnet-4-5"],
)
gateway = Gateway(provider("up", upstream, type="Anthropic", api_key="sk-ant-test"))
body = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 8000,
    "reasoning_effort": "medium",
    "messages": [{"role": "user", "content": "go"}],
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}],
}
got = gateway.post("/v1/chat/completions", {**body, "stream": True})
blocks = {}
for delta in got.deltas:
    for part in delta.get("thinking_blocks") or []:
        blocks.setdefault(part["index"], part)
message = {
    "role": "assistant",
    "content": got.content,
    "reasoning_content": "".join(delta.get("reasoning_content") or "" for delta in got.deltas),
    "thinking_blocks": [blocks[index] for index in sorted(blocks)],
    "tool_calls": [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in got.tool_calls
    ],
}
got = gateway.post(
    "/v1/chat/completions",
    {**body, "messages": [*body["messages"], message, {"role": "tool", "tool_call_id": "toolu_1", "content": "ok"}]},
)
sent = [
    (part["type"], part.get("thinking"), part.get("signature"))
    for message in upstream.bodies[-1]["messages"]
    if message["role"] == "assistant"
    for part in message["content"]
]
check(
    [part for part in sent if part[0] == "thinking"]
    == [("thinking", "First.", "U0lHMQ=="), ("thinking", "Second.", "U0lHMg==")],
    "both blocks are sent back",
    "%s, x-dropped-params: %s" % (sent, got.headers.get("x-dropped-params")),
)
done()
