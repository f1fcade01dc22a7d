"""A provider sends two tool calls whose IDs are empty strings, streaming or non-streaming. Each tool call reaches the
caller with an ID of its own, like a call without an ID."""

from kit import Gateway, Upstream, chat_chunk, check, completion, done, provider, reply, sse_stream


def answer(request):
    calls = [
        {"index": n, "id": "", "type": "function", "function": {"name": "f", "arguments": '{"n":%d}' % n}}
        for n in (0, 1)
    ]
    if request.json.get("stream"):
        return sse_stream(chat_chunk({"role": "assistant", "tool_calls": calls}), chat_chunk(finish="tool_calls"))
    return reply(completion({"tool_calls": calls}, "tool_calls"))


gateway = Gateway(provider("up", Upstream(answer)))
streaming_ids = [call["id"] for call in gateway.chat(stream=True).tool_calls]
ids = [call["id"] for call in gateway.chat().json["choices"][0]["message"]["tool_calls"]]
check(all(streaming_ids) and len(set(streaming_ids)) == 2, "two IDs, streaming", streaming_ids)
check(all(ids) and len(set(ids)) == 2, "two IDs, non-streaming", ids)
done()
