"""A provider repeats the gateway's API key in other ways than as plain text in an error: with JSON escapes,
percent-encoded, in the error event of a stream, in the middle of a page, or in an error of its model list. No part of
the gateway's API key reaches a caller, an event, the health of providers, or standard error."""

import json
import time

from kit import Gateway, Upstream, check, done, error_reply, http_chunk, provider, reply, sse_event, stream_head, table

KEY = "Zq7provkey+WITHOUT/prefix0123456789abcdefXYZ"
CURRENT = {"answer": error_reply(500, "not yet")}
gateway = Gateway(
    table("[breaker]", consecutive_failures_max=0),
    table("[retry]", max_retries=0),
    provider("up", Upstream(lambda request: CURRENT["answer"], listing=lambda request: CURRENT["answer"]), api_key=KEY),
)


def longest(text):
    """Return the length of the longest part of the key in a text, after undoing escapes."""
    texts = [text, text.replace("\\/", "/").replace("%2B", "+").replace("%2F", "/")]
    try:
        texts.append(text.encode().decode("unicode_escape"))
    except UnicodeDecodeError:
        pass
    parts = (KEY[start : start + 12] for start in range(len(KEY) - 11))
    return max((len(part) for part in parts for each in texts if part in each), default=0)


escaped = "".join("\\u%04x" % ord(character) for character in KEY)
event = (
    stream_head() + http_chunk(sse_event(json.dumps({"error": {"message": "bad key " + KEY}}).encode())) + b"0\r\n\r\n"
)
split = [stream_head(), http_chunk(b'data: {"error":{"message":"bad key ' + KEY[:20].encode()), 0.1]
split += [http_chunk(KEY[20:].encode() + b'"}}\n\n') + b"0\r\n\r\n"]
ANSWERS = {
    "escapes": reply(b'{"error":{"message":"bad key ' + escaped.encode() + b'"}}', 401),
    "one escape": reply(b'{"error":{"message":"bad key ' + KEY.replace("p", "\\u0070").encode() + b'"}}', 401),
    "an escaped slash": reply(b'{"error":{"message":"bad key ' + KEY.replace("/", "\\/").encode() + b'"}}', 401),
    "percent signs": error_reply(400, "GET /v1?key=" + KEY.replace("+", "%2B").replace("/", "%2F")),
    "a JSON string in a string": error_reply(400, json.dumps({"error": {"message": json.dumps("bad key " + KEY)}})),
    "another member": reply({"detail": [{"input": {"headers": {"authorization": "Bearer " + KEY}}}]}, 422),
    "a code": reply({"error": {"message": "bad", "code": KEY, "type": KEY, "param": KEY}}, 400),
    "a page": reply(b"<html>" + b"x" * 100 + KEY.encode() + b"</html>", 502, "text/html"),
    "a page with status 200": reply(b"<html>" + KEY.encode() + b"</html>", 200, "text/html"),
    "an error with status 200": reply({"error": {"message": "bad key " + KEY}}),
    "the event of a stream": event,
    "the event of a stream, in two parts": split,
    "a status line": b"HTTP/1.1 401 bad key " + KEY.encode() + b"\r\ncontent-length: 0\r\n\r\n",
    "a header field": reply({"error": {"message": "x"}}, 401, headers=["x-your-key: " + KEY, "request-id: " + KEY]),
}
ASK = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
for label, answer in ANSWERS.items():
    CURRENT["answer"] = answer
    for path, body in (
        ("/v1/chat/completions", ASK),
        ("/v1/chat/completions", {**ASK, "stream": True}),
        ("/v1/messages", {**ASK, "max_tokens": 9}),
        ("/api/chat", ASK),
    ):
        got = gateway.post(path, body)
        text = got.text + json.dumps(got.headers)
        check(longest(text) == 0, "%s, %s: fewer than 12 characters of the key" % (label, path), text[-300:])
    gateway.models()
time.sleep(0.3)
for path in ("/v1/events/recent?limit=1000", "/v1/health/providers", "/v1/models"):
    check(longest(gateway.get(path).text) == 0, path + ": no part of the key")
check(longest(gateway.stderr_text()) == 0, "standard error: no part of the key", gateway.stderr_text()[-300:])
done()
