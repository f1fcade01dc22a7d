"""U8 to U22: responses that stop, never stop, or violate the API."""

import asyncio
import json

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.table import fault
from kit.upstream import (
    DONE, FINISH, LAST, RESET, STALL, STREAM, TEXT, answer, chunk, delta, event, half, head, reply, token,
)  # fmt: skip

MEBIBYTE = 1024 * 1024


def broken(response, stream, code="upstream_truncated", text="one two "):
    """Check a response that was cut off in the middle."""
    if stream:
        expect_event(response, code, text)
    else:
        expect_error(response, 502, code)


@fault("U8", "a reset in the middle of an answer: an error event, no failover", quick=True)
async def reset_in_body(w, v):
    w.upstream.script("evil-u8", half(v == "stream"), 0.1, RESET)
    broken(await w.gateway.ask("evil-u8", v == "stream"), v == "stream")
    expect(len(w.upstream.calls["evil-u8"]) == 1, "retried after the first byte")
    before = w.upstream.accepted["good"]
    w.upstream.script("over-evil-u8", half(v == "stream"), 0.1, RESET)
    response = await w.gateway.ask("over-evil-u8", v == "stream")
    if v == "stream":
        broken(response, True)
        expect(w.upstream.accepted["good"] == before, "failed over after visible output")
    else:
        expect_good(response)


@fault("U8-fin", "an orderly close in the middle of an answer", quick=True)
async def closed_in_body(w, v):
    w.upstream.script("evil-u8", half(v == "stream"), 0.05)
    broken(await w.gateway.ask("evil-u8", v == "stream"), v == "stream")


@fault("U8-split", "a reset in the middle of an event", ("stream",))
async def reset_in_event(w, _):
    w.upstream.script("evil-u8", half(True), token("three ")[:30], 0.05, RESET)
    broken(await w.gateway.ask("evil-u8", True), True)


@fault("U9", "no first byte: 504 at the deadline", quick=True)
async def stall_before_first(w, v):
    w.upstream.script("evil-u9", STALL)
    response = await w.gateway.ask("evil-u9", v == "stream")
    if v == "stream":
        # The response head is sent after `commit_after_secs`; the first event may take a second.
        expect_event(response, "upstream_timeout", "")
        within(response.ms, 950, 1600)
    else:
        expect_error(response, 504, "upstream_timeout")
        within(response.ms, 1450, 2100)
    expect(w.upstream.calls["evil-u9"][0].left_at, "the upstream request was not cancelled")


@fault("U9-next", "no first byte: failover", ("stream",))
async def stall_before_first_next(w, _):
    w.upstream.script("over-evil-u9", STREAM, STALL)
    response = await w.gateway.ask("over-evil-u9", True)
    expect_good(response)
    within(response.ms, 950, 1600)


@fault("U10", "a stall in the middle: an error event at the deadline", quick=True)
async def stall_in_middle(w, v):
    w.upstream.script("evil-u10", half(v == "stream"), STALL)
    response = await w.gateway.ask("evil-u10", v == "stream")
    if v == "stream":
        expect_event(response, "upstream_truncated", "one two ")
        within(response.ms, 950, 1600)
    else:
        expect_error(response, 504, "upstream_timeout")
        within(response.ms, 1450, 2100)


@fault("U10-comments", "comments do not count as progress", ("stream",), quick=True)
async def comments_only(w, _):
    async def comments(call):
        for _ in range(40):
            await call.send(chunk(b": still here\n\n"))
            await asyncio.sleep(0.1)

    w.upstream.script("evil-u10", half(True), comments)
    response = await w.gateway.ask("evil-u10", True)
    expect_event(response, "upstream_truncated", "one two ")
    within(response.ms, 950, 1800)


@fault("U10-slow", "a slow but steady stream is not interrupted", ("stream",))
async def slow_but_alive(w, _):
    steps = [step for word in ("one ", "two ", "three ", "four ") for step in (token(word), 0.6)]
    w.upstream.script("evil-u10", STREAM, *steps, FINISH + DONE)
    expect_good(await w.gateway.ask("evil-u10", True))


async def endless(w, stream, *steps, seconds=8):
    """Play steps that never end, and check that memory does not grow."""
    w.upstream.script("evil-endless", *steps)
    before = w.gateway.rss()
    response = await w.gateway.ask("evil-endless", stream, timeout=seconds)
    grown = w.gateway.rss() - before
    expect(grown < 16 * MEBIBYTE, f"memory grew by {grown >> 20} MiB")
    call = w.upstream.calls["evil-endless"][0]
    for _ in range(20):
        if call.left_at:
            break
        await asyncio.sleep(0.05)
    expect(call.left_at, "the upstream request was not cancelled")
    return response


def repeat(data, limit=64 * MEBIBYTE):
    """Send the same bytes until the gateway disconnects."""

    async def step(call):
        while call.sent < limit:
            await call.send(data)
        await call.until_left()

    return step


@fault("U11", "endless header fields: 502", quick=True)
async def endless_fields(w, v):
    lines = b"".join(b"x-field-%d: value\r\n" % n for n in range(1000))
    response = await endless(w, v == "stream", b"HTTP/1.1 200 OK\r\n", repeat(lines))
    expect_error(response, 502, "upstream_malformed_response")


@fault("U11-line", "one endless header field: 502")
async def endless_field(w, v):
    response = await endless(w, v == "stream", b"HTTP/1.1 200 OK\r\nx-field: ", repeat(b"x" * 65536))
    expect_error(response, 502, "upstream_malformed_response")


@fault("U11-1xx", "endless informational responses: 502", quick=True)
async def endless_interim(w, v):
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 500
    response = await endless(w, v == "stream", repeat(hints))
    expect(response.status in (502, 504), f"status {response.status}: {response}")
    expect_error(response, response.status, ("upstream_malformed_response", "upstream_timeout"))


@fault("U12", "one endless event: an error event at the limit", ("stream",), quick=True)
async def endless_event(w, _):
    piece = chunk(b"x" * 65536)
    response = await endless(w, True, half(True), chunk(b"data: {"), repeat(piece))
    expect_event(response, ("upstream_truncated", "upstream_malformed_response"), "one two ")


@fault("U12-first", "one endless event before visible output: 502 or failover", ("stream",))
async def endless_first_event(w, _):
    response = await endless(w, True, STREAM, chunk(b"data: "), repeat(chunk(b"x" * 65536)))
    if response.status == 200:
        expect_event(response, "upstream_malformed_response", "")
    else:
        expect_error(response, 502, "upstream_malformed_response")


@fault("U12-whole", "an endless non-streaming response: 502 at the limit", ("whole",), limit=40)
async def endless_answer(w, _):
    opening = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"'
    start = head(200, "application/json", "transfer-encoding: chunked", "connection: close") + chunk(opening)
    w.upstream.script("evil-endless", start, repeat(chunk(b"x" * MEBIBYTE), 256 * MEBIBYTE))
    before = w.gateway.rss()
    response = await w.gateway.ask("evil-endless", False, timeout=15)
    expect(response.status in (502, 504), f"status {response.status}")
    expect_error(response, response.status, ("upstream_malformed_response", "upstream_timeout"))
    expect(w.gateway.rss() - before < 224 * MEBIBYTE, "a response of at most 64 MiB took far more memory")


def hostile(name, title, *events, quick=True):
    """Add a row: a stream with an invalid event, which is passed on, repaired, or reported as an error event."""

    @fault(f"U13-{name}", title, ("stream",), quick=quick)
    async def row(w, _):
        w.upstream.script("evil-u13", STREAM, token("one "), *events, token("two "), FINISH + DONE)
        response = await w.gateway.ask("evil-u13", True)
        expect(response.status == 200, f"status {response.status}")
        if response.end == "complete":
            expect(response.events[-1] == b"[DONE]", "a proper end without [DONE]")
            for each in response.events[:-1]:
                json.loads(each)
        else:
            expect_event(response, ("upstream_truncated", "upstream_malformed_response"), "one ")
        expect_good(await w.gateway.ask("good", True))


hostile("json", "malformed JSON in a stream", event(b'{"choices":[{"index":0,"delta":{"content":"x"'))
hostile("deep", "JSON a hundred thousand levels deep", event(b'{"choices":' + b"[" * 100_000))
hostile("utf8", "bytes that are no UTF-8", event(b'{"choices":[{"index":0,"delta":{"content":"\xff\xfe\xc0"}}]}'))
hostile("nul", "zero bytes", event(b'{"choices":[{"index":0,"delta":{"content":"\0"}}]}'), chunk(b"\0\0\0\n\n"))
hostile("bom", "a byte order mark in the middle", chunk(b"\xef\xbb\xbf" + b"data: {}\n\n"))
hostile(
    "type",
    "an event that is a number, one that is null, one that is an array",
    event(b"7"),
    event(b"null"),
    event(b"[]"),
)
hostile("field", "lines that are no field, and a field without a colon", chunk(b"data\nfoo: bar\n:::\n\ndata: \n\n"))


@fault("U13-bytes", "every event arrives byte by byte", ("stream",), quick=True)
async def byte_by_byte(w, _):
    body = b"".join(
        b"data: " + json.dumps(delta(word)).encode() + b"\n\n" for word in ("one ", "two ", "three ", "four ")
    )
    body += b"data: " + json.dumps(delta(finish="stop")).encode() + b"\n\ndata: [DONE]\n\n"

    async def drip(call):
        for byte in body:
            await call.send(chunk(bytes([byte])))

    w.upstream.script("evil-u13", STREAM, drip, LAST)
    expect_good(await w.gateway.ask("evil-u13", True))


@fault("U13-cr", "lines that end with CR alone, and with CR LF", ("stream",), quick=True)
async def carriage_returns(w, _):
    for end in (b"\r", b"\r\n"):
        lines = [b"\xef\xbb\xbfdata: " + json.dumps(delta("one ")).encode(), b""]
        for word in ("two ", "three ", "four "):
            lines += [b"data: " + json.dumps(delta(word)).encode(), b""]
        lines += [b"data: " + json.dumps(delta(finish="stop")).encode(), b"", b"data: [DONE]", b"", b""]
        w.upstream.script("evil-u13", STREAM, chunk(end.join(lines)), LAST)
        expect_good(await w.gateway.ask("evil-u13", True))


@fault("U13-lines", "one event in many lines", ("stream",), quick=True)
async def many_lines(w, _):
    text = json.dumps(delta(TEXT), indent=1).replace("\n", "\ndata: ").encode()
    w.upstream.script("evil-u13", STREAM, chunk(b"data: " + text + b"\n\n"), FINISH + DONE)
    expect_good(await w.gateway.ask("evil-u13", True))


@fault("U14-short", "a content length above the actual length", quick=True)
async def length_too_long(w, v):
    kind = "text/event-stream" if v == "stream" else "application/json"
    body = b"data: " + json.dumps(delta("one ")).encode() + b"\n\n" if v == "stream" else json.dumps(answer()).encode()
    w.upstream.script("evil-u14", head(200, kind, f"content-length: {len(body) + 10}", "connection: close") + body)
    broken(await w.gateway.ask("evil-u14", v == "stream"), v == "stream", text="one ")


@fault("U14-long", "a content length below the actual length: the rest is ignored")
async def length_too_short(w, v):
    full = json.dumps(answer()).encode()
    w.upstream.script(
        "evil-u14", head(200, "application/json", f"content-length: {len(full)}") + full + b"HTTP/1.1 junk" * 9
    )
    expect_good(await w.gateway.ask("evil-u14", v == "stream"))
    expect_good(await w.gateway.ask("good", v == "stream"))


@fault("U14-both", "two content lengths, and one with chunked coding: reframed or rejected", quick=True)
async def two_framings(w, v):
    body = json.dumps(answer()).encode()
    for fields in (
        (f"content-length: {len(body)}", f"content-length: {len(body) + 5}"),
        (f"content-length: {len(body) + 50}", "transfer-encoding: chunked"),
    ):
        text = chunk(body) + LAST if "chunked" in fields[1] else body
        w.upstream.script("evil-u14", head(200, "application/json", "connection: close", *fields) + text)
        response = await w.gateway.ask("evil-u14", v == "stream")
        if response.status == 200:
            expect_good(response)
        else:
            expect_error(response, 502, ("upstream_truncated", "upstream_malformed_response"))


@fault("U14-chunks", "chunks of a wrong size", quick=True)
async def bad_chunks(w, v):
    kind = "text/event-stream" if v == "stream" else "application/json"
    for bad in (b"zz\r\n", b"ffffffffffffffffff\r\nxx\r\n", b"-5\r\nabcde\r\n", b"5\r\nabc"):
        w.upstream.script("evil-u14", head(200, kind, "transfer-encoding: chunked", "connection: close") + bad)
        response = await w.gateway.ask("evil-u14", v == "stream")
        expect_error(response, 502, ("upstream_truncated", "upstream_malformed_response"))


@fault("U15", "a stream that ends properly but without a finish reason", ("stream",), quick=True)
async def no_terminal_event(w, _):
    w.upstream.script("evil-u15", half(True) + LAST)
    expect_event(await w.gateway.ask("evil-u15", True), "upstream_truncated", "one two ")


@fault("U15-done", "a finished stream without [DONE] gets one", ("stream",), quick=True)
async def no_done(w, _):
    w.upstream.script("evil-u15", STREAM, *(token(word) for word in ("one ", "two ", "three ", "four ")), FINISH + LAST)
    expect_good(await w.gateway.ask("evil-u15", True))


@fault("U16", "usage that is missing, negative, enormous, or duplicate", quick=True)
async def strange_usage(w, v):
    enormous = 2**63
    for usage in (
        None,
        {"prompt_tokens": -5, "completion_tokens": -1},
        {"prompt_tokens": enormous, "completion_tokens": enormous},
        {"prompt_tokens": "x"},
        7,
    ):
        more = {} if usage is None else {"usage": usage}
        if v == "stream":
            last = event({**delta(), "choices": [], **more})
            w.upstream.script("evil-u16", STREAM, token(TEXT), FINISH, last, last, DONE)
            response = await w.gateway.ask("evil-u16", True, stream_options={"include_usage": True})
        else:
            value = {key: each for key, each in answer().items() if key != "usage"}
            w.upstream.script("evil-u16", reply({**value, **more}))
            response = await w.gateway.ask("evil-u16", False)
        expect_good(response)


@fault("U17", "a 200 with an error object, and a web page: failover", quick=True)
async def error_in_success(w, v):
    error = {"error": {"message": "out of memory", "type": "server_error", "code": None}}
    page = reply(b"<!doctype html><h1>Login</h1>", 200, "text/html")
    in_stream = STREAM + event(error) + LAST
    for body in (reply(error), page, *([in_stream] if v == "stream" else [])):
        w.upstream.script("evil-u17", body)
        expect_error(
            await w.gateway.ask("evil-u17", v == "stream"), 502, ("upstream_failed", "upstream_malformed_response")
        )
        w.upstream.script("over-evil-u17", body)
        expect_good(await w.gateway.ask("over-evil-u17", v == "stream"))


@fault("U17-late", "an error object in the middle of a stream", ("stream",), quick=True)
async def error_in_stream(w, _):
    w.upstream.script("evil-u17", half(True), event({"error": {"message": "gone", "type": "server_error"}}), LAST)
    expect_event(await w.gateway.ask("evil-u17", True), "upstream_truncated", "one two ")


@fault("U21", "a redirect is not followed: 502", quick=True)
async def redirect(w, v):
    before = w.upstream.accepted["good"]
    for status in (301, 302, 303, 307, 308):
        location = f"location: {w.url('good')}/chat/completions"
        w.upstream.script("evil-u21", reply(b"", status, "text/plain", location))
        expect_error(
            await w.gateway.ask("evil-u21", v == "stream"), 502, ("upstream_failed", "upstream_malformed_response")
        )
    expect(w.upstream.accepted["good"] == before, "the redirect was followed")


@fault("U22", "an unrequested compressed response: 502, and never decompressed", quick=True)
async def bomb(w, v):
    import gzip

    packed = gzip.compress(b"\0" * 64 * MEBIBYTE)
    kind = "text/event-stream" if v == "stream" else "application/json"
    w.upstream.script("evil-u22", reply(packed, 200, kind, "content-encoding: gzip"))
    before = w.gateway.rss()
    response = await w.gateway.ask("evil-u22", v == "stream")
    expect(w.gateway.rss() - before < 8 * MEBIBYTE, "the response was decompressed")
    expect_error(response, 502, ("upstream_malformed_response", "upstream_truncated"))
    head_sent = w.upstream.calls["evil-u22"][0].head.lower()
    expect(b"accept-encoding" not in head_sent, "compression was requested")


@fault("U19-burst", "a hundred concurrent errors of all statuses: failover")
async def statuses(w, v):
    number = iter(range(10_000))
    codes = (500, 502, 503, 529, 429, 408, 401, 403)
    w.upstream.script(
        "over-evil-u19", lambda call: [reply({"error": {"message": "no"}}, codes[next(number) % len(codes)])]
    )
    responses = await asyncio.gather(*(w.gateway.ask("over-evil-u19", v == "stream") for _ in range(100)))
    for response in responses:
        expect_good(response)
