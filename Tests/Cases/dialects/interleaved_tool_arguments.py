"""A provider opens two tool calls in one stream and then sends arguments for both in turn, as OpenAI's format allows. A
caller of the Messages API receives both calls with their own arguments, and no error."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream


def part(index, **members):
    return chat_chunk({"tool_calls": [{"index": index, **members}]})


upstream = Upstream(
    lambda request: sse_stream(
        chat_chunk({"role": "assistant", "content": None}),
        part(0, id="call_a", type="function", function={"name": "look", "arguments": ""}),
        part(1, id="call_b", type="function", function={"name": "list", "arguments": ""}),
        part(0, function={"arguments": '{"path":'}),
        part(1, function={"arguments": '{"query":'}),
        part(0, function={"arguments": "1}"}),
        part(1, function={"arguments": "2}"}),
        chat_chunk(finish="tool_calls"),
    )
)
gateway = Gateway(provider("up", upstream))
answer = gateway.post(
    "/v1/messages",
    {
        "model": "m",
        "max_tokens": 64,
        "stream": True,
        "messages": [{"role": "user", "content": "go"}],
        "tools": [{"name": name, "input_schema": {"type": "object", "properties": {}}} for name in ("look", "list")],
    },
)
calls = {}
for value in answer.objects:
    if value["type"] == "content_block_start" and value["content_block"]["type"] == "tool_use":
        calls[value["index"]] = [value["content_block"]["name"], ""]
    if value["type"] == "content_block_delta" and value["delta"]["type"] == "input_json_delta":
        calls[value["index"]][1] += value["delta"]["partial_json"]
check(
    sorted(calls.values()) == [["list", '{"query":2}'], ["look", '{"path":1}']],
    "both calls with their own arguments",
    sorted(calls.values()),
)
check(not answer.error, "no error", answer.error)
done()
