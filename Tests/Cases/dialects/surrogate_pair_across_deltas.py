"""A server sends an emoji in two deltas, one half of the surrogate pair in each. In every dialect, the two halves of a
surrogate pair form the character, and the stream completes."""

import json

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream

upstream = Upstream(
    lambda request: sse_stream(
        rb'{"choices":[{"index":0,"delta":{"role":"assistant","content":"a\ud83d"},"finish_reason":null}]}',
        rb'{"choices":[{"index":0,"delta":{"content":"\ude00b"},"finish_reason":null}]}',
        chat_chunk(finish="stop"),
    )
)
gateway = Gateway(provider("up", upstream))


def joined_text(pieces):
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


body = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "go"}]}
got = gateway.post("/v1/chat/completions", body)
check(joined_text([got.content]) == "a\U0001f600b" and got.events[-1] == "[DONE]", "chat completions", got)
got = gateway.post("/v1/messages", body)
texts = [value["delta"]["text"] for value in got.objects if value["type"] == "content_block_delta"]
check(joined_text(texts) == "a\U0001f600b" and got.objects[-1]["type"] == "message_stop", "Messages", got)
lines = [json.loads(line) for line in gateway.post("/api/chat", body).text.splitlines()]
check(
    joined_text(line["message"]["content"] for line in lines) == "a\U0001f600b" and lines[-1]["done"],
    "Ollama's dialect",
    lines,
)
done()
