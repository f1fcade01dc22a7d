"""A server labels its event stream as plain text, JSON, bytes, or not at all. The caller receives the stream, whatever
its content type."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream

for content_type in (
    "text/event-stream;charset=UTF-8",
    "text/plain; charset=utf-8",
    "application/json",
    "application/octet-stream",
    None,
):
    upstream = Upstream(
        lambda request: sse_stream(
            chat_chunk({"role": "assistant", "content": "Hi"}), chat_chunk(finish="stop"), content_type=content_type
        )
    )
    gateway = Gateway(provider("up", upstream))
    got = gateway.chat(stream=True)
    check(got.status == 200 and got.content == "Hi" and not got.error, content_type or "no content type", got)
    gateway.stop()
done()
