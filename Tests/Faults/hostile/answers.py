"""What hostile providers answer. Each function returns the steps of one response; see kit/upstream.py."""

import functools
import gzip
import json

from hostile import shapes
from kit.upstream import LAST, RESET, STALL, chunk, head, reply

MEBIBYTE = 1 << 20
# The ends of what a number can be, as they stand in JSON.
ENDS = (
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "1e308", "-1e308", "1e-308", "1e999", "-0", "-1", "0.5", "null",
    '"9223372036854775808"', "[]", "{}", "true", "4294967296", "2147483648", "1" + "0" * 400,
)  # fmt: skip

ANSWERS = {}


def answer(function):
    """Add a response to the table. It gets the call, with its `dialect`, and a source of chance."""
    ANSWERS[function.__name__] = function
    return function


def either(call, value, *frames):
    """Return a stream of these frames, or an answer without a stream, as the call wants."""
    return [shapes.stream(call.dialect, *frames)] if call.stream else [reply(value)]


@functools.cache
def calls_in_one_event(dialect):
    count = {"openai": 10_000, "anthropic": 4_000, "gemini": 18_000, "ollama": 16_000}[dialect]
    return shapes.many_calls(dialect, count)


@functools.cache
def whole_of_calls(dialect):
    """Return nearly 16 MiB of tool calls."""
    one = len(json.dumps(shapes.whole(dialect, "", 1001))) - len(json.dumps(shapes.whole(dialect, "", 1)))
    return reply(shapes.whole(dialect, "", (16 * MEBIBYTE - 65_536) * 1000 // one))


@functools.cache
def whole_of_escapes(dialect):
    """Return nearly 16 MiB of characters that are longer once they are escaped again."""
    text = json.dumps(shapes.whole(dialect, "@@"), ensure_ascii=False).encode()
    return reply(text.replace(b"@@", b"\\u0001<>&\x7f\xe2\x80\xa8" * ((16 * MEBIBYTE - 65_536) // 13)))


@functools.cache
def alternating(dialect):
    frames = [(shapes.thought if n % 2 else shapes.piece)(dialect, "a") for n in range(4000)]
    return shapes.stream(dialect, b"".join(frames))


@answer
def many_items(call, chance):
    return [
        shapes.stream(call.dialect, calls_in_one_event(call.dialect)) if call.stream else whole_of_calls(call.dialect)
    ]


@answer
def many_changes(call, chance):
    return [alternating(call.dialect)] if call.stream else [whole_of_escapes(call.dialect)]


@answer
def large_events(call, chance):
    size = chance.choice((MEBIBYTE - 4096, MEBIBYTE, 2 * MEBIBYTE))
    return either(call, shapes.whole(call.dialect, "x" * size), *[shapes.piece(call.dialect, '"' * (size // 2))] * 3)


@answer
def largest_answer(call, chance):
    size = chance.choice((16 * MEBIBYTE - 65_536, 16 * MEBIBYTE, 20 * MEBIBYTE))
    return [reply(b'{"error":"' + b"x" * size), STALL] if chance.random() < 0.3 else [whole_of_escapes(call.dialect)]


@answer
def endless_stream(call, chance):
    events = chunk(shapes.piece(call.dialect, "endless ") * chance.choice((1, 100)))

    async def forever(call):
        for _ in range(20_000):
            await call.send(events)

    return [shapes.stream_head(call.dialect) + chunk(shapes.opening(call.dialect) or b"\n"), forever]


@answer
def slow_stream(call, chance):
    words = [step for n in range(16) for step in (chunk(shapes.piece(call.dialect, f"{n} ")), 0.4)]
    return [shapes.stream_head(call.dialect), *words, chunk(shapes.ending(call.dialect)) + LAST]


@answer
def bytes_apart(call, chance):
    data = shapes.stream(call.dialect, shapes.piece(call.dialect, "a"), shapes.piece(call.dialect, "b"))
    return [step for n in range(len(data)) for step in (data[n : n + 1], 0.002)]


@answer
def half_event(call, chance):
    data = shapes.stream(call.dialect, shapes.piece(call.dialect, "one "), shapes.piece(call.dialect, "two "))
    return [data[: chance.randrange(len(data))], chance.choice((RESET, STALL, 0.1))]


@answer
def error_inside(call, chance):
    error = {"error": {"message": "x" * chance.choice((1, 5000)), "type": "server_error", "code": 5e300}}
    if call.dialect == "anthropic":
        error["type"] = "error"
    return either(call, error, shapes.piece(call.dialect, "one "), shapes.frame(call.dialect, error))


@answer
def invalid_json(call, chance):
    good = json.dumps(shapes.whole(call.dialect, "x" * 50)).encode()
    bad = chance.choice((
        b"{", b"[" * 100_000, b'{"a":' * 10_000, good[:-1], good + good, b"", b"nul", b"\0" * 100, b"\xff\xfe" + good,
        good.replace(b"x", b"\\ud800", 1), good.replace(b"x", b"\\u12", 1), b'{"choices":{"0":1}}', b'{"choices":[null]}',
    ))  # fmt: skip
    if not call.stream:
        return [reply(bad)]
    parts = [shapes.opening(call.dialect), shapes.piece(call.dialect, "one "), shapes.frame(call.dialect, bad)]
    return [shapes.stream_head(call.dialect), *(chunk(each) for each in parts if each), LAST]


@answer
def invalid_text(call, chance):
    text = chance.choice(
        (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\0", b"\x1b]0;x\x07")
    )
    if call.stream:
        return [shapes.stream(call.dialect, shapes.piece(call.dialect, "@@").replace(b"@@", text))]
    return [reply(json.dumps(shapes.whole(call.dialect, "@@")).encode().replace(b"@@", text))]


@answer
def huge_numbers(call, chance):
    """Every number of the usage, and some others, at the ends of what a number can be."""
    number = chance.choice(ENDS).encode()
    if call.stream:
        data = shapes.piece(call.dialect, "one ") + shapes.ending(call.dialect, 77777)
        data = (
            (shapes.opening(call.dialect) + data)
            .replace(b"77777", number)
            .replace(b'"index": 0', b'"index": ' + number)
        )
        return [shapes.stream_head(call.dialect) + chunk(data) + LAST]
    data = json.dumps(shapes.whole(call.dialect, "one", count=77777)).encode().replace(b"77777", number)
    return [reply(data.replace(b'"created": 1', b'"created": ' + number).replace(b'"index": 0', b'"index": ' + number))]


@answer
def huge_head(call, chance):
    size, count = chance.choice(((60_000, 1), (70_000, 1), (100, 5000), (1000, 2000), (1, 20_000)))
    return [head(200, "application/json", *[f"x-{n}: {'y' * size}" for n in range(count)]) + b"{}"]


@answer
def odd_status_line(call, chance):
    line = chance.choice((
        b"HTTP/1.1 999 X", b"HTTP/1.1 000 X", b"HTTP/1.1 -1 X", b"HTTP/1.1 2 X", b"HTTP/1.1 20000 X", b"HTTP/9.9 200 X",
        b"HTTP/1.1 99999999999999999999 X", b"HTTP/1.1", b"ICY 200 OK", b"HTTP/1.1 101 X", b"HTTP/2 200", b"\x16\x03\x01",
        b"HTTP/1.1 204 X", b"HTTP/1.1 304 X", b"HTTP/1.1 418 X", b"HTTP/1.1 599 X", b"HTTP/1.1 407 X",
    ))  # fmt: skip
    if chance.random() < 0.2:
        return [b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 10_000, reply(shapes.whole(call.dialect, "late"))]
    return [line + b"\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"]


@answer
def odd_length(call, chance):
    field = chance.choice(
        (
            "content-length: 9223372036854775807",
            "content-length: 9223372036854775808",
            "content-length: -1",
            "content-length: 5\r\ncontent-length: 6",
            "content-length: 1e3",
            "transfer-encoding: chunked\r\ncontent-length: 3",
            "transfer-encoding: gzip, chunked",
            "content-length: 0x10",
        )
    )
    size = chance.choice((b"ffffffffffffffff", b"7fffffffffffffff", b"-1", b"0x5", b"5;" + b"x" * 70_000, b""))
    return [head(200, "application/json", field) + size + b"\r\n{}\r\n" + LAST, chance.choice((0.5, STALL))]


@answer
def odd_retry_after(call, chance):
    wait = chance.choice((
        "1e308", "-1", "9223372036854775808", "18446744073709551616", "NaN", "inf", "0", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT", "1" * 5000, "60, 1", "",
    ))  # fmt: skip
    fields = (f"retry-after: {wait}", f"retry-after-ms: {wait}", f"x-ratelimit-reset-requests: {wait}")
    return [reply({"error": {"message": "later"}}, chance.choice((408, 429, 503, 529)), "application/json", *fields)]


@answer
def reset(call, chance):
    return [chance.choice((0, 0.05)), RESET]


@answer
def redirect(call, chance):
    status = chance.choice((301, 302, 303, 307, 308))
    return [reply(b"", status, "text/html", f"location: http://127.0.0.1:{call.port}/v1/chat/completions")]


@answer
def unasked_gzip(call, chance):
    bomb = gzip.compress(b" " * (32 * MEBIBYTE) if chance.random() < 0.2 else b"{}")
    return [reply(bomb, 200, "application/json", "content-encoding: " + chance.choice(("gzip", "br", "deflate", "x")))]


@answer
def errors_of_providers(call, chance):
    body = chance.choice(
        (b"", b"<html>" * 20_000, b'{"error":' + b"[" * 60_000, json.dumps({"error": "x" * 70_000}).encode())
    )
    return [reply(body, chance.choice((400, 401, 402, 403, 404, 413, 422, 500, 502, 504)), "text/html")]


@answer
def never(call, chance):
    return [3, RESET]


NAMES = (
    "m%d",
    "é\u202e%d",
    "m\n%d",
    "\x1b]0;m%d\x07",
    "../m%d",
    "m %d?x#y%%00",
    '"m\\%d"',
    "%d" + "x" * 300,
    "\u2028%d",
    "*%d",
    "/%d",
)


@functools.cache
def list_of(dialect, form):
    """Return a model list: 10,000 models, more than a list may have, or one that is not valid."""
    names = [NAMES[n % len(NAMES)] % n for n in range({"many": 10_000, "more": 30_000, "few": 20}[form])]
    if dialect == "ollama":
        return reply({"models": [{"name": name, "model": name, "size": 2**63} for name in names]})
    if dialect == "gemini":
        return reply({"models": [{"name": "models/" + name, "inputTokenLimit": 2**64} for name in names]})
    data = [{"id": name, "object": "model", "created": 1e300, "context_length": 2**63} for name in names]
    return reply({"object": "list", "data": data, "has_more": True, "last_id": "x"})


def model_list(call, chance):
    """Return the steps of a hostile model list."""
    pick = chance.random()
    if pick < 0.6:
        return [list_of(call.dialect, chance.choice(("many", "many", "more", "few", "few")))]
    name = chance.choice([name for name in ANSWERS if name not in ("largest_answer", "endless_stream")])
    return ANSWERS[name](call, chance)
