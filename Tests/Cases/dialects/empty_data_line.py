"""A proxy keeps a stream alive with empty `data:` lines. Callers of every dialect receive the complete response, and
empty `data:` lines have no effect."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, raw_stream, sse_event

body = (
    sse_event(chat_chunk({"role": "assistant", "content": "Hi"}))
    + b"data: \n\n"
    + sse_event(chat_chunk({"content": " you"}))
    + b"data:\n\n"
    + sse_event(chat_chunk(finish="stop"))
    + sse_event(b"[DONE]")
)
gateway = Gateway(provider("up", Upstream(lambda request: raw_stream(body))))
request = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "go"}]}
got = gateway.post("/v1/chat/completions", request)
check(got.content == "Hi you" and not got.error and got.events[-1] == "[DONE]", "chat completions", got.error or got)
got = gateway.post("/v1/messages", request)
check(not got.error and got.objects[-1]["type"] == "message_stop", "Messages", got.error)
done()
