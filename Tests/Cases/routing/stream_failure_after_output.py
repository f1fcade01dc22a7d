"""A provider closes the connection in the middle of a stream, or sends an error event, and another provider serves the
same model. After visible output, no other provider receives the prompt, and the stream ends with an error event."""

from kit import Gateway, Upstream, chat_chunk, check, done, http_chunk, provider, sse_event, stream_head, text_reply

START = stream_head() + http_chunk(sse_event(chat_chunk({"role": "assistant", "content": "Half a"})))
ERROR = http_chunk(sse_event({"error": {"message": "CUDA out of memory", "type": "server_error"}})) + b"0\r\n\r\n"
for label, end in (("a closed connection", None), ("an error event", ERROR)):
    first = Upstream(lambda request: [START, 0.3, end])
    second = Upstream(text_reply("second"))
    gateway = Gateway(
        provider("first", first, models=["m"], priority=1), provider("second", second, models=["m"], priority=2)
    )
    for path in ("/v1/chat/completions", "/v1/messages"):
        got = gateway.post(
            path,
            {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "a prompt"}]},
        )
        check("Half a" in got.text, "%s, %s: the output arrives" % (label, path), got)
        check(got.error, "%s, %s: an error event follows" % (label, path), got)
        check("[DONE]" not in got.text, "%s, %s: no [DONE]" % (label, path), got)
    check(not second.posts, label + ": the other provider receives nothing", second.bodies)
    check(len(first.posts) == 2, label + ": each request is sent once", len(first.posts))
    gateway.stop()
done()
