"""H35 to H40: requests that are too long, too many, or too large together."""

import asyncio
import contextlib
import json

from kit.checks import expect, expect_error, expect_good
from kit.client import chat, post
from kit.table import ONCE, fault
from kit.upstream import DONE, FINISH, STREAM, TEXT, good, token

MEBIBYTE = 1024 * 1024


async def refused(gateway, data, status, code, closes=True):
    """Send bytes, and check for an error and the end of the connection."""
    client = await gateway.client()
    await client.send(data)
    expect_error(response := await client.response(3), status, code)
    if closes:
        expect(response.fields.get("connection") == "close", "no connection: close")
        client.finish()
        await client.ended()
    client.close()


@fault("H35", "an endless request line: 414 as soon as it is too long", ONCE, quick=True)
async def long_line(w, _):
    await refused(w.gateway, b"GET /" + b"x" * 8300, 414, "uri_too_long")
    # Byte by byte it must be the same.
    client = await w.gateway.client()
    await client.send(b"GET /" + b"y" * 8100)
    for _ in range(200):
        await client.send(b"y")
    expect_error(await client.response(3), 414, "uri_too_long")


@fault("H36", "header fields that are too many, too long, or too large together: 431 while they arrive", ONCE, quick=True)
async def long_fields(w, _):
    start = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n"
    many = b"".join(b"x-%d: 1\r\n" % n for n in range(101))
    block = b"".join(b"x-%d: %s\r\n" % (n, b"v" * 1000) for n in range(34))
    for fields in (many, b"x-long: " + b"v" * 17_000, block):
        await refused(w.gateway, start + fields, 431, "headers_too_large")


@fault("H36-memory", "two hundred incomplete heads of 31 KiB: at most 64 KiB of memory each", ONCE)
async def waiting_heads(w, _):
    async with w.own({"header_timeout_secs": 10}) as gateway:
        before = gateway.rss()
        block = b"".join(b"x-%d: %s\r\n" % (n, b"v" * 1000) for n in range(31))
        for _ in range(200):
            client = await gateway.client()
            await client.send(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n" + block)
        await asyncio.sleep(0.3)
        each = (gateway.rss() - before) / 200
        expect(each <= 64 * 1024, f"{each / 1024:.0f} KiB for each connection")


@fault("H37", "a body that is too long: 413 before it is read, or as it crosses the limit", ONCE, quick=True)
async def long_body(w, _):
    start = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    await refused(w.gateway, start + b"content-length: 8388609\r\n\r\n", 413, "request_too_large")
    client = await w.gateway.client()
    await client.send(start + b"transfer-encoding: chunked\r\n\r\n")
    piece = b"100000\r\n" + b"x" * MEBIBYTE + b"\r\n"
    try:
        for _ in range(8):
            await client.send(piece)
        await client.send(b"1\r\nx\r\n")
    except ConnectionError:
        pass
    expect_error(await client.response(3), 413, "request_too_large")


@fault("H38", "request bodies above their total limit: 503, and running requests continue", limit=30, quick=True)
async def bodies_ceiling(w, v):
    stream = v == "stream"
    go = asyncio.Event()

    async def wait(_):
        await go.wait()

    patient = {
        "upstream_first_event_timeout_secs": 10,
        "upstream_total_timeout_secs": 10,
        "request_bodies_bytes_max": 4 * MEBIBYTE,
    }
    async with w.own({**patient, "body_timeout_secs": 10}) as gateway:
        running = w.upstream.script("evil-runs", STREAM, token("one "), wait, token("two three four "), FINISH + DONE)
        stream_client = await gateway.begin(running, True)
        stream_response = await stream_client.response(until=b"one")
        w.upstream.script("evil-h38", wait, lambda _: [good(stream)])
        # One body has arrived by half; others of 1 MiB are at the provider, until the limit is reached.
        half = await gateway.client()
        whole = chat("evil-h38", stream, padding=MEBIBYTE)
        await half.send(whole[: len(whole) // 2])
        held, refusal = [], None
        while not refusal:
            client = await gateway.begin("evil-h38", stream, padding=MEBIBYTE)
            try:
                refusal = await client.response(0.2)
            except AssertionError:
                held.append(client)
            expect(len(held) <= 4, f"{len(held)} and a half MiB are in memory, and no request was rejected")
        expect_error(refusal, 503, "overloaded")
        expect(held, "the first request was rejected")
        # Requests without a body are still served, above all health checks.
        for path in ("/healthz", "/readyz", "/v1/status"):
            expect((await gateway.fetch(path)).status == 200, f"{path} is rejected together with the bodies")
        bodies = (await gateway.status())["bytes"]["bodies"]
        expect(bodies <= 4 * MEBIBYTE, f"{bodies / MEBIBYTE:.1f} MiB of bodies, 4 are allowed")
        go.set()
        with contextlib.suppress(ConnectionError):
            await half.send(whole[len(whole) // 2 :])
        for client in held:
            expect_good(await client.response(8))
            client.close()
        # Its second half arrived once there was space again, or it was rejected.
        last = await half.response(8)
        expect_good(last) if last.status != 503 else expect_error(last, 503, "overloaded")
        half.close()
        expect_good(await stream_client.rest(stream_response), TEXT)
        stream_client.close()
        expect_good(await gateway.ask("evil-h38", stream, padding=MEBIBYTE))


@fault("H39", "JSON with deep nesting, a duplicate key, or an invalid number: 400 that names it", ONCE, quick=True)
async def strange_json(w, _):
    def body(**more):
        return json.dumps({"model": "good", "messages": [{"role": "user", "content": "x"}], **more}).encode()

    deep = body()[:-1] + b',"x":' + b"[" * 70 + b"]" * 70 + b"}"
    twice = body()[:-1] + b',"model":"good"}'
    rows = [
        (deep, "malformed_json", None),
        (twice, "duplicate_field", None),
        (body(n=9), "invalid_value", "n"),
        (body(n=2**70), "invalid_value", "n"),
        (body()[:-1] + b',"temperature":1e999}', "invalid_value", "temperature"),
        (body(max_tokens=-1), "invalid_value", "max_tokens"),
        (body(messages=[{}] * 10_001), "invalid_value", "messages"),
        (body(messages=[]), "invalid_value", "messages"),
        (b'{"messages":[{}]}', "missing_required_field", "model"),
        (b"[" * 5_000_000, "malformed_json", None),
        (b"\xff\xfe", "malformed_json", None),
    ]
    for data, code, param in rows:
        client = await w.gateway.client()
        await client.send(post(data))
        error = expect_error(await client.response(3), 400, code)
        named = param is None or error["param"] == param or f"`{param}`" in error["message"]
        expect(named, f"the error does not name {param}: {error}")
        client.close()


async def surplus(gateway, sources):
    """Open a connection from each source address. Return the rejected ones."""
    clients, gone = [], []
    for source in sources:
        client = await gateway.client(source=source)
        clients.append(client)
    await asyncio.sleep(0.3)
    for client in clients:
        try:
            response = await client.response(0.05)
        except AssertionError:
            continue
        expect_error(response, 503, "overloaded")
        client.finish()
        await client.ended()
        client.close()
        gone.append(client)
    return clients, gone


@fault("H40", "connections above `clients_max`: 503 and a close, until others disconnect", ONCE, quick=True)
async def too_many_clients(w, _):
    async with w.own({"clients_max": 20}) as gateway:
        clients, gone = await surplus(gateway, ["127.0.0.1"] * 30)
        expect(len(gone) == 10, f"{len(gone)} of 30 connections were rejected, not 10")
        for client in clients:
            client.close()
        await asyncio.sleep(0.1)
        expect_good(await gateway.ask("good", True))
        expect((await gateway.status())["clients"]["refused"] == 10, "the status has a wrong count of rejected clients")


@fault("H40-address", "connections of one address above its limit: 503, and other addresses are accepted", ONCE, quick=True)
async def too_many_of_one(w, _):
    async with w.own({"clients_max": 100, "clients_per_address_max": 5}) as gateway:
        clients, gone = await surplus(gateway, ["127.0.0.2"] * 12)
        expect(len(gone) == 7, f"{len(gone)} of 12 connections were rejected, not 7")
        _, others = await surplus(gateway, ["127.0.0.3"] * 5)
        expect(not others, "another address was rejected")
        for client in clients:
            client.close("rst")
        await asyncio.sleep(0.1)
        _, again = await surplus(gateway, ["127.0.0.2"] * 5)
        expect(not again, "an address without connections is still rejected")


@fault("H40-storm", "a thousand connections with a limit of ten: each receives an error or is closed", ONCE)
async def refused_storm(w, _):
    async with w.own({"clients_max": 10}) as gateway:
        clients, told, closed = [], 0, 0
        for _ in range(1000):
            try:
                clients.append(await gateway.client())
            except ConnectionError:
                closed += 1
        await asyncio.sleep(0.5)
        for client in clients:
            try:
                response = await client.response(0.02)
            except AssertionError:
                continue
            if response.status == 0:
                closed += 1
            else:
                expect_error(response, 503, "overloaded")
                told += 1
            client.close()
        # The number of error responses is limited; other connections are closed immediately.
        expect(told >= 256, f"only {told} received an error")
        expect(told + closed == 990, f"{told} received an error and {closed} were closed, of 1,000 with a limit of 10")
