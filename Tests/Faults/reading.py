"""H45, H46, C8: clients that read slowly, in tiny pieces, or not at all."""

import asyncio
import time

from kit.checks import expect, expect_good
from kit.client import chat
from kit.gateway import SERVER
from kit.pace import pace, undisturbed
from kit.table import fault
from kit.upstream import DONE, FINISH, STREAM, chunk, token

MEBIBYTE = 1024 * 1024
# One event of a little over 4 KiB, and 1 MiB of them.
EVENT = token("x" * 4000)
BLOCK = EVENT * (MEBIBYTE // len(EVENT))


def firehose(size):
    """Send this many bytes as fast as possible, and end properly."""

    async def step(call):
        while call.sent < size:
            await call.send(BLOCK)
        await call.send(FINISH + DONE)

    return step


async def paused(call, patience=5):
    """Wait until the upstream cannot send any more."""
    end = time.monotonic() + patience
    before = -1
    while call.sent != before or not call.sent:
        expect(time.monotonic() < end, "the upstream was never paused")
        before = call.sent
        await asyncio.sleep(0.3)


async def started(w, model, count=1):
    while len(w.upstream.calls[model]) < count:
        await asyncio.sleep(0.01)
    return w.upstream.calls[model]


async def slow_reader(w, size, burst, pause, seconds):
    async with w.own(settles=True) as gateway:
        # The memory that libcurl and the allocator keep after a first large stream is part of the baseline.
        w.upstream.script("evil-warm", STREAM, firehose(8 * MEBIBYTE))
        await gateway.ask("evil-warm", True)
        w.upstream.script("evil-firehose", STREAM, firehose(size))
        before = gateway.rss()
        # By default it grows to 6 MiB, and over loopback the kernel processes it within the sender's system call.
        client = await gateway.client(rcvbuf=MEBIBYTE // 2)
        await client.send(chat("evil-firehose", True))
        began, got, worst, since, tail = time.monotonic(), 0, 0, 0, b""
        while True:
            data = await client.receive(MEBIBYTE, timeout=5)
            if not data:
                break
            got += len(data)
            since += len(data)
            tail = (tail + data[-64:])[-64:]
            if tail.endswith(b"0\r\n\r\n"):
                break
            if since >= burst:
                since = 0
                await asyncio.sleep(pause)
                worst = max(worst, gateway.rss() - before)
        took = time.monotonic() - began
        expect(b"data: [DONE]" in tail and tail.endswith(b"0\r\n\r\n"), f"no proper end: {tail!r}")
        expect(got >= size, f"only {got >> 20} MiB arrived")
        expect(worst <= 4 * MEBIBYTE, f"memory grew by {worst / MEBIBYTE:.1f} MiB")
        expect(took <= seconds, f"it took {took:.0f} s")


@fault("H45-100M", "100 MB to a reader in bursts: memory does not grow", ("stream",), quick=True)
async def hundred(w, _):
    await slow_reader(w, 100_000_000, 10 * MEBIBYTE, 0.2, 15)


@fault("H45-1G", "1 GB to a reader in bursts: memory does not grow", ("stream",), limit=70)
async def thousand(w, _):
    await slow_reader(w, 1_000_000_000, 50 * MEBIBYTE, 0.8, 40)


@fault("H45", "a client that reads nothing: its upstream is paused, then it is reset", ("stream",), quick=True)
async def reads_nothing(w, _):
    w.upstream.script("evil-h45", STREAM, firehose(64 * MEBIBYTE))
    before = w.gateway.rss()
    client = await w.gateway.client(rcvbuf=8192)
    await client.send(chat("evil-h45", True))
    (call,) = await started(w, "evil-h45")
    began = time.monotonic()
    await paused(call)
    expect(call.sent < 60 * MEBIBYTE, "the upstream was not paused")
    status = await w.gateway.status()
    held = status["bytes"]["output"] + status["bytes"]["responses"]
    expect(held <= (256 + 64) * 1024 + 256 * 1024, f"{held >> 10} KiB are buffered for one client")
    expect(w.gateway.rss() - before < 4 * MEBIBYTE, "memory grew by more than 4 MiB")
    while not call.left_at:
        expect(time.monotonic() - began < 6, "a client that reads nothing was never reset")
        await asyncio.sleep(0.05)
    lasted = call.left_at - began
    if lasted < SERVER["client_read_timeout_secs"] * 0.9:
        response = await client.response(3)
        raise AssertionError(f"it was reset too early, after {lasted:.2f} s: {response}")
    # Received data can be read; then the connection is reset, not closed.
    expect(await client.ended() == "reset", "the connection was closed, not reset")


@fault("H45-sips", "a client that reads a little at a time is not reset", ("stream",))
async def sips(w, _):
    w.upstream.script("evil-h45", STREAM, firehose(16 * MEBIBYTE))
    client = await w.gateway.client(rcvbuf=16384)
    await client.send(chat("evil-h45", True))
    (call,) = await started(w, "evil-h45")
    end = time.monotonic() + 2.5 * SERVER["client_read_timeout_secs"]
    while time.monotonic() < end:
        expect(await client.receive(256 * 1024, timeout=3), "a client that reads was reset")
        await asyncio.sleep(0.1)
    expect(not call.left_at, "the upstream request of a client that reads was cancelled")


@fault(
    "H45-leave", "a client whose output is full leaves: its upstream is let go within 100 ms", ("stream",), quick=True
)
async def full_and_gone(w, _):
    for how in ("fin", "rst"):
        w.upstream.script("evil-h45", STREAM, firehose(64 * MEBIBYTE))
        client = await w.gateway.client(rcvbuf=8192)
        await client.send(chat("evil-h45", True))
        (call,) = await started(w, "evil-h45")
        await paused(call)
        client.close(how)
        await asyncio.sleep(0.5)
        expect(call.left_at, f"half a second after a {how} the upstream request still runs")
        took = (call.left_at - client.left_at) * 1000
        expect(took <= 100, f"the upstream request was cancelled {took:.0f} ms after the client disconnected")


@fault("H45-whole", "a large non-streaming response to a client that reads nothing is reset as well", ("whole",))
async def whole_unread(w, _):
    from kit.upstream import answer, reply

    w.upstream.script("evil-h45", reply(answer("x" * 4 * MEBIBYTE)))
    client = await w.gateway.client(rcvbuf=8192)
    await client.send(chat("evil-h45", False))
    end = time.monotonic() + 7
    while (await w.gateway.status())["clients"]["open"] < 2:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    while (await w.gateway.status())["clients"]["open"] > 1:
        expect(time.monotonic() < end, "a client that reads nothing was never reset")
        await asyncio.sleep(0.1)


@fault("H46", "an upstream that sends byte by byte to fifty clients that read nothing", ("stream",), limit=40)
async def bytes_held(w, _):
    async with w.own({"client_read_timeout_secs": 20}) as gateway:
        text = b"data: " + b'{"choices":[{"index":0,"delta":{"content":"yyyyyyyy"},"finish_reason":null}]}' + b"\n\n"
        grain = b"".join(chunk(bytes([byte])) for byte in text) * 100

        async def drip(call):
            while call.sent < 20 * MEBIBYTE:
                await call.send(grain)
            await call.until_left()

        w.upstream.script("evil-h46", STREAM, drip)
        before = gateway.rss()
        for _ in range(50):
            client = await gateway.client(rcvbuf=4096)
            await client.send(chat("evil-h46", True))
        for call in await started(w, "evil-h46", 50):
            await paused(call, 15)
        status = await gateway.status()
        held = sum(status["bytes"][name] for name in ("input", "output", "bodies", "responses"))
        grown = gateway.rss() - before
        expect(held > 50 * 100 * 1024, f"only {held >> 10} KiB are buffered")
        expect(grown <= 2 * held + 4 * MEBIBYTE, f"{grown >> 10} KiB of memory for {held >> 10} KiB buffered")


@fault("C8", "1,000 clients that never read: at most 512 KiB each, others unaffected, all reset", ("stream",), limit=110)
async def thousand_unread(w, _):
    async with w.own({"client_read_timeout_secs": 12, "upstream_stall_timeout_secs": 60}) as gateway:
        calm = await pace(w, gateway)
        w.upstream.script("evil-c8", STREAM, firehose(64 * MEBIBYTE))
        before = gateway.rss()
        for _ in range(1000):
            client = await gateway.client(rcvbuf=4096)
            await client.send(chat("evil-c8", True))
        calls = await started(w, "evil-c8", 1000)
        end = time.monotonic() + 25
        total = -1
        while total != (total := sum(call.sent for call in calls)):
            expect(time.monotonic() < end, "the upstreams were never paused")
            await asyncio.sleep(1)
        each = (gateway.rss() - before) / 1000
        expect(each <= MEBIBYTE / 2, f"{each / 1024:.0f} KiB for each client")
        await undisturbed(w, gateway, calm)
        end = time.monotonic() + 40
        while not all(call.left_at for call in calls):
            left = sum(not call.left_at for call in calls)
            expect(time.monotonic() < end, f"{left} clients that never read are not reset")
            await asyncio.sleep(0.2)


@fault("H50-short", "responses through the smallest buffers: the same bytes", quick=True)
async def short_writes(w, v):
    from kit.upstream import answer, reply

    text = "".join(chr(97 + n % 26) for n in range(300_000))
    if v == "stream":
        pieces = b"".join(token(text[start : start + 1000]) for start in range(0, len(text), 1000))
        w.upstream.script("evil-h50", STREAM, pieces, FINISH + DONE)
    else:
        w.upstream.script("evil-h50", reply(answer(text)))
    client = await w.gateway.client(rcvbuf=2048)
    await client.send(chat("evil-h50", v == "stream"))
    expect_good(await client.response(15), text)
