"""U7 to U22 again, with a second provider: failover happens before visible output, once and in time.

The other rows of U1 to U26 have theirs beside them: U1-next, U2-next, U3, U4, U6, U24, U25-two, U26-next.
"""

import gzip

from answers import repeat
from kit.checks import expect, expect_event, expect_good
from kit.table import BOTH, fault
from kit.upstream import FINISH, LAST, RESET, STALL, STREAM, chunk, event, half, head, reply, token

ERROR = {"error": {"message": "no", "type": "server_error", "code": None}}
PAGE = reply(b"<!doctype html><h1>Login</h1>", 200, "text/html")
KINDS = ("text/event-stream", "application/json")
FIELDS = b"".join(b"x-field-%d: value\r\n" % number for number in range(1000))


def second(name, title, stream=None, whole=None, seen=None, parks=False, quick=True):
    """Add a row: the steps of the first provider for a streaming and a non-streaming request.

    `seen` is the visible output of a stream when the first provider fails, after which no failover is allowed. In every
    other case the second provider's answer must arrive as if it had been the only one. A row that `parks` the first
    provider's key has its own gateway.
    """
    steps = {"stream": stream, "whole": whole}

    @fault(f"{name}-over", title, tuple(each for each in BOTH if steps[each] is not None), quick=quick)
    async def row(w, v):
        if not parks:
            return await ask(w, w.gateway, v, steps[v], seen)
        async with w.own() as gateway:
            await ask(w, gateway, v, steps[v], seen)


async def ask(w, gateway, v, steps, seen):
    is_stream = v == "stream"
    model = w.upstream.script("over-evil-second", *steps)
    before = w.upstream.accepted["good"]
    response = await gateway.ask(model, is_stream)
    asked = w.upstream.accepted["good"] - before
    if is_stream and seen is not None:
        expect_event(response, ("upstream_truncated", "upstream_malformed_response"), seen)
        expect(asked == 0, "failed over after visible output")
    else:
        expect_good(response)
        expect(asked == 1, f"the second provider received {asked} requests")
    calls = w.upstream.calls[model]
    expect(1 <= len(calls) <= 2, f"the first provider received {len(calls)} requests")


def short(body, kind):
    """Return a body that is nine bytes shorter than its content length."""
    return [head(200, kind, f"content-length: {len(body) + 9}", "connection: close") + body]


second("U7-fin", "a close before the head", [0.01], [0.01])
second("U7-begun", "a reset after the head", [STREAM, 0.02, RESET], [head(200, "application/json"), 0.02, RESET])
second("U7-role", "a reset after events in which nothing is visible", [STREAM, token(""), 0.02, RESET])
second("U8", "a reset in the middle", [half(True), 0.05, RESET], [half(False), 0.05, RESET], seen="one two ")
second("U8-fin", "a close in the middle", [half(True), 0.02], [half(False), 0.02], seen="one two ")
second("U8-split", "a reset in the middle of an event", [half(True), token("x ")[:30], 0.05, RESET], seen="one two ")
second("U9", "nothing comes before the first byte", [STALL], quick=False)
second("U10", "nothing comes in the middle", [half(True), STALL], seen="one two ", quick=False)
second("U11", "header fields without an end", *[[b"HTTP/1.1 200 OK\r\n", repeat(FIELDS)]] * 2)
second("U11-line", "one header field without an end", *[[b"HTTP/1.1 200 OK\r\nx-f: ", repeat(b"x" * 65536)]] * 2)
second("U12", "one event without an end, after others", [half(True), chunk(b"data: {"), repeat(chunk(b"x" * 65536))],
       seen="one two ")  # fmt: skip
second("U12-first", "one event without an end, as the first", [STREAM, chunk(b"data: {"), repeat(chunk(b"x" * 65536))])
second("U13", "no JSON where an answer is due", None, [reply(b"{" * 1000, 200, "application/json")])
second("U13-deep", "JSON a hundred thousand levels deep", None, [reply(b"[" * 100_000, 200, "application/json")])
second("U14", "a length that says more than comes", short(b": no event\n\n", KINDS[0]), short(b"{}", KINDS[1]))
for name, size in (("hex", b"zz\r\n"), ("huge", b"f" * 18 + b"\r\nxx\r\n"), ("minus", b"-5\r\nabcde\r\n"), ("cut", b"5\r\nabc")):
    lies = [[head(200, kind, "transfer-encoding: chunked", "connection: close") + size] for kind in KINDS]
    second(f"U14-{name}", "a chunk that lies about its size", *lies)
second("U15", "an end that nothing announced", [half(True) + LAST], seen="one two ")
second("U15-empty", "an end before anything visible", [STREAM + LAST], [reply(b"", 200, "application/json")])
second("U17", "an error object in a 200", [STREAM + event(ERROR) + LAST], [reply(ERROR)])
second("U17-page", "a web page", [PAGE], [PAGE])
second("U17-late", "an error object in the middle", [half(True), event(ERROR), LAST], seen="one two ")
second("U17-finish", "an error object after the finish", [half(True), event(ERROR), FINISH, LAST], seen="one two ")
for status in (401, 402, 403, 408, 409, 425, 429, 500, 502, 503, 504, 529):
    no = [reply(ERROR, status)]
    second(f"U19-{status}", f"a {status}", no, no, parks=status in (401, 429))
for status in (301, 302, 303, 307, 308):
    away = reply(b"", status, "text/plain", "location: http://127.0.0.1:9/")
    second(f"U21-{status}", f"a redirect, {status}", [away], [away])
packed = [[reply(gzip.compress(b"\0" * 1024 * 1024), 200, kind, "content-encoding: gzip")] for kind in KINDS]
second("U22", "an unrequested compressed response", *packed)


@fault("U19-ours", "an error of the caller is returned without failover", quick=True)
async def callers_fault(w, v):
    for status in (400, 404, 413, 422):
        model = w.upstream.script("over-evil-second", reply(ERROR, status))
        before = w.upstream.accepted["good"]
        response = await w.gateway.ask(model, v == "stream")
        expect(response.status == status, f"{response.status}, not {status}: {response}")
        expect(w.upstream.accepted["good"] == before, f"failed over after a {status}")
