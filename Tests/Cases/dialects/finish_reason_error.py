"""A provider fails in the middle of a response, and reports it with `finish_reason: "error"` and an `error` in the
choice. A finish reason of `error` reaches a caller of the Messages API as an error, and not as a response that looks
complete."""

from kit import Gateway, Upstream, chat_chunk, check, completion, done, provider, reply, sse_stream

ERROR = {"code": 502, "message": "provider disconnected"}


def answer(request):
    if request.json.get("stream"):
        last = chat_chunk({"content": ""}, "error")
        last["choices"][0]["error"] = ERROR
        return sse_stream(chat_chunk({"role": "assistant", "content": "Half an ans"}), last)
    value = completion("Half an ans", "error")
    value["choices"][0]["error"] = ERROR
    return reply(value)


gateway = Gateway(provider("up", Upstream(answer)))
body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "go"}]}
streaming, non_streaming = gateway.post("/v1/messages", {**body, "stream": True}), gateway.post("/v1/messages", body)
stop_reasons = [
    value["delta"].get("stop_reason") for value in streaming.objects if value.get("type") == "message_delta"
]
check(streaming.error, "streaming: an error event", "stop_reason %s" % stop_reasons)
check(non_streaming.status >= 500, "non-streaming: an error", non_streaming)
done()
