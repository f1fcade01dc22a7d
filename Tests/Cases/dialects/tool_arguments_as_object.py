"""A provider sends the arguments of a tool call as a JSON object in place of a string, streaming or non-streaming. The
caller receives the arguments of a tool call as a string, which typed clients require."""

import json

from kit import Gateway, Upstream, chat_chunk, check, completion, done, provider, reply, sse_stream


def answer(request):
    calls = [
        {"index": 0, "id": "call_k", "type": "function", "function": {"name": "now", "arguments": {"zone": "UTC"}}}
    ]
    if request.json.get("stream"):
        return sse_stream(chat_chunk({"role": "assistant", "tool_calls": calls}), chat_chunk(finish="tool_calls"))
    return reply(completion({"tool_calls": calls}, "tool_calls"))


gateway = Gateway(provider("up", Upstream(answer)))
parts = [part for delta in gateway.chat(stream=True).deltas for part in delta.get("tool_calls") or []]
for label, call in (
    ("streaming", parts[0]),
    ("non-streaming", gateway.chat().json["choices"][0]["message"]["tool_calls"][0]),
):
    arguments = call["function"]["arguments"]
    check(
        isinstance(arguments, str) and json.loads(arguments) == {"zone": "UTC"}, label + ": a string", repr(arguments)
    )
done()
