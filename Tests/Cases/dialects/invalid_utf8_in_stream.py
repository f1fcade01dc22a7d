"""A local server sends half of a character as raw bytes, which is invalid UTF-8. The caller receives U+FFFD in place of
invalid UTF-8 and the rest of the response, without an error."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream

upstream = Upstream(
    lambda request: sse_stream(
        chat_chunk({"role": "assistant", "content": "Hi "}),
        b'{"choices":[{"index":0,"delta":{"content":"\xf0\x9f"},"finish_reason":null}]}',
        chat_chunk({"content": " there"}),
        chat_chunk(finish="stop"),
    )
)
got = Gateway(provider("up", upstream)).chat(stream=True)
check(not got.error, "no error", got.error)
check(
    got.content.startswith("Hi ") and got.content.endswith(" there") and "\ufffd" in got.content,
    "the text is complete",
    repr(got.content),
)
try:
    got.body.decode("utf-8")
    check(True, "the response is valid UTF-8")
except UnicodeDecodeError as problem:
    check(False, "the response is valid UTF-8", problem)
done()
