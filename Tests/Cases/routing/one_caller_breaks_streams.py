"""One caller's prompts break the connection in the middle of a stream, or take longer than the timeout, and the
caller sends several in a row. Requests of other callers still go to the preferred provider."""

from kit import (
    BEARER,
    KEY,
    Gateway,
    Upstream,
    auth,
    chat_chunk,
    check,
    done,
    http_chunk,
    provider,
    server,
    sse_event,
    stream_head,
    text_reply,
)

OTHER = {"authorization": "Bearer an-api-key-of-another-caller"}


def answer(request):
    if b"broken" in request.body:
        return [stream_head() + http_chunk(sse_event(chat_chunk({"content": "one "}))), None]
    return [3, None] if b"slow" in request.body else text_reply("preferred")(request)


gateway = Gateway(
    server(upstream_first_event_timeout_secs=0.3, upstream_total_timeout_secs=0.6),
    auth(KEY, "an-api-key-of-another-caller"),
    provider("preferred", Upstream(answer), priority=1),
    provider("other", Upstream(text_reply("other")), priority=2),
)
check(gateway.chat(headers=BEARER).content == "preferred", "at first, the preferred provider answers")
for text, stream in (("broken", True), ("slow", True), ("slow", False)):
    for number in range(8):
        gateway.chat(text=text, headers=OTHER, stream=stream)
        if number % 2:
            got = gateway.chat(headers=BEARER)
            label = "after %d %s requests%s of one caller" % (number + 1, text, ", streaming," if stream else "")
            check(got.content == "preferred", label + ": the preferred provider answers another", got)
done()
