"""A provider sends numbers at both ends of 64 bits, and beyond, as usage, times, indices, and in `retry-after`.
Callers of every dialect receive valid JSON, and the gateway goes on to answer others."""

import json

from kit import (
    Gateway,
    Upstream,
    anthropic_message,
    chat_chunk,
    check,
    completion,
    done,
    gemini_response,
    ollama_response,
    provider,
    raw_stream,
    reply,
    sse_event,
    table,
)

NUMBERS = (
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"18446744073709551616", b"1e308", b"-1e308",
    b"1e999", b"-1", b"0.5", b"1" + b"0" * 400, b'"9223372036854775808"',
)  # fmt: skip
CURRENT = {}
upstream = Upstream(lambda request: CURRENT["answer"])
gateway = Gateway(
    table("[breaker]", consecutive_failures_max=0),
    table("[retry]", max_retries=0),
    *[provider(name, upstream, dialect=name, models=[name]) for name in ("openai", "anthropic", "gemini", "ollama")],
)
ANSWERS = {
    "openai": completion(
        "hi", usage={"prompt_tokens": 77777, "completion_tokens": 77777, "total_tokens": 77777}, created=77777
    ),
    "anthropic": {
        **anthropic_message("hi"),
        "usage": {"input_tokens": 77777, "output_tokens": 77777, "cache_read_input_tokens": 77777},
    },
    "gemini": {
        **gemini_response("hi"),
        "usageMetadata": {"promptTokenCount": 77777, "candidatesTokenCount": 77777, "thoughtsTokenCount": 77777},
    },
    "ollama": ollama_response("hi", prompt_eval_count=77777, eval_count=77777, total_duration=77777),
}
ASK = {"messages": [{"role": "user", "content": "x"}]}
CALLERS = {
    "/v1/chat/completions": ASK,
    "/v1/messages": {**ASK, "max_tokens": 9},
    "/v1/responses": {"input": "x"},
    "/api/chat": {**ASK, "stream": False},
}


def verify(label, got):
    check(got.status in (200, 502), label + ": a response or an error", got)
    check(got.json is not None and "Infinity" not in got.text, label + ": JSON", got.text[-200:])
    check(gateway.process.poll() is None, label + ": the gateway runs", gateway.process.poll())


for number in NUMBERS:
    for dialect, answer in ANSWERS.items():
        CURRENT["answer"] = reply(json.dumps(answer).encode().replace(b"77777", number))
        for path, body in CALLERS.items():
            label = "%s from %s, %s" % (path, dialect, number.decode()[:24])
            verify(label, gateway.post(path, {"model": dialect, **body}))
        path = "/v1beta/models/%s:generateContent" % dialect
        verify("%s, %s" % (path, number.decode()[:24]), gateway.post(path, {"contents": [{"parts": [{"text": "x"}]}]}))
    usage = {"prompt_tokens": 77777, "completion_tokens": 77777}
    chunks = [chat_chunk({"content": "hi"}), chat_chunk(finish="stop", usage=usage, created=77777)]
    events = (
        b"".join(sse_event(each) for each in chunks)
        .replace(b"77777", number)
        .replace(b'"index": 0', b'"index": ' + number)
    )
    CURRENT["answer"] = raw_stream(events + sse_event(b"[DONE]"))
    for path, body in CALLERS.items():
        got = gateway.post(path, {"model": "openai", **body, "stream": True})
        label = "a stream at %s, %s" % (path, number.decode()[:24])
        check(got.end in ("complete", "eof"), label + ": it ends", got.end)
        check(gateway.process.poll() is None, label + ": the gateway runs", gateway.process.poll())
    for status in (429, 503):
        wait = number.decode().strip('"')
        CURRENT["answer"] = reply({"error": {"message": "later"}}, status, headers=["retry-after: " + wait])
        got = gateway.chat("openai")
        check(400 <= got.status < 600, "%d, retry-after: %s" % (status, wait[:24]), got)
        given = got.headers.get("retry-after", "0")
        check(
            given.isdigit() and int(given) <= 86400, "%d, %s: a sensible retry-after" % (status, wait[:24]), given[:60]
        )
check(gateway.get("/v1/status").json is not None, "the status is JSON")
check(gateway.get("/v1/events/recent?limit=1000").json is not None, "the events are JSON")
check(gateway.get("/v1/health/providers").json is not None, "the health of providers is JSON")
done()
