"""C1 to C9, H47: clients that disconnect in every phase, with a close or a reset, and clients that only connect."""

import asyncio
import random
import time

from kit.checks import expect, expect_good
from kit.client import Client, chat, get
from kit.pace import pace, undisturbed
from kit.table import BOTH, ONCE, fault
from kit.upstream import DONE, FINISH, STALL, STREAM, good, half, token

# From a client's close to its upstream's.
NOTICE_MAX_MS = 100


async def noticed(call, client, milliseconds=NOTICE_MAX_MS, patience=3):
    """Return the milliseconds from the client's close to the upstream's."""
    end = time.monotonic() + patience
    while not call.left_at:
        expect(time.monotonic() < end, f"the upstream request still runs {patience} s after its client disconnected")
        await asyncio.sleep(0.002)
    took = (call.left_at - client.left_at) * 1000
    expect(took <= milliseconds, f"the upstream request was cancelled {took:.0f} ms after the client disconnected")
    return took


async def call_of(w, model, number=0, patience=3):
    end = time.monotonic() + patience
    while len(w.upstream.calls[model]) <= number:
        expect(time.monotonic() < end, "the request did not reach the upstream")
        await asyncio.sleep(0.002)
    return w.upstream.calls[model][number]


def both_ways(name, title, variants=BOTH, quick=True):
    """Add a row in which the client disconnects with a close and with a reset."""

    def add(function):
        async def row(w, v):
            for how in ("fin", "rst"):
                for _ in range(5):
                    await function(w, v == "stream", how)

        row.__module__ = __name__
        fault(name, title, variants, quick=quick)(row)
        return function

    return add


@both_ways("C1", "a client leaves before it sends anything", ONCE)
async def before_anything(w, _, how):
    (await w.gateway.client()).close(how)


@both_ways("C2", "a client leaves within a head", ONCE)
async def within_head(w, _, how):
    client = await w.gateway.client()
    await client.send(get("/healthz")[:20])
    client.close(how)


@both_ways("C3", "a client disconnects within a body: no provider is tried")
async def within_body(w, stream, how):
    w.upstream.script("evil-c3", STALL)
    client = await w.gateway.client()
    await client.send(chat("evil-c3", stream, padding=5000)[:3000])
    await asyncio.sleep(0.01)
    client.close(how)
    await asyncio.sleep(0.01)
    expect(not w.upstream.calls["evil-c3"], "the upstream received half a request")


@both_ways("C4", "a client leaves before the upstream is connected")
async def before_connect(w, stream, how):
    client = await w.gateway.begin("hole-1", stream)
    await asyncio.sleep(0.02)
    client.close(how)
    end = time.monotonic() + 0.35
    while (await w.gateway.status())["transfers"]["open"]:
        expect(time.monotonic() < end, "a transfer still connects for a client that disconnected")
        await asyncio.sleep(0.01)


@both_ways("C5", "a client leaves before the first byte")
async def before_first(w, stream, how):
    w.upstream.script("evil-c5", STALL)
    client = await w.gateway.begin("evil-c5", stream)
    call = await call_of(w, "evil-c5")
    client.close(how)
    await noticed(call, client)


@both_ways("C6", "a client leaves in the middle of an answer")
async def in_middle(w, stream, how):
    w.upstream.script("evil-c6", half(stream), STALL)
    client = await w.gateway.begin("evil-c6", stream)
    call = await call_of(w, "evil-c6")
    if stream:
        await client.response(until=b"two")
    else:
        await asyncio.sleep(0.02)
    client.close(how)
    await noticed(call, client)


@both_ways("C6-run", "a client leaves while tokens come", ("stream",))
async def while_running(w, _, how):
    async def run(call):
        while True:
            await call.send(token("again "))
            await asyncio.sleep(0.005)

    w.upstream.script("evil-c6", STREAM, run)
    client = await w.gateway.begin("evil-c6", True)
    call = await call_of(w, "evil-c6")
    await client.response(until=b"again ")
    await asyncio.sleep(0.03)
    client.close(how)
    await noticed(call, client)


@both_ways("C7", "a client leaves after the last byte")
async def after_last(w, stream, how):
    client = await w.gateway.begin("good", stream)
    expect_good(await client.response())
    client.close(how)


@fault("C7-half", "a client that only shuts down sending receives its complete response", quick=True)
async def half_close(w, v):
    stream = v == "stream"
    steps = [STREAM, 0.1, token("one "), 0.3, token("two three four "), FINISH + DONE] if stream else [0.3, good(False)]
    w.upstream.script("evil-c7", *steps)
    client = await w.gateway.begin("evil-c7", stream)
    client.finish()
    expect_good(await client.response())


@fault(
    "C-1000",
    "a thousand clients leave in random phases: nothing is left, p99 of noticing within 100 ms",
    ONCE,
    limit=60,
)
async def thousand_aborts(w, _):
    async def drip(call):
        for _ in range(100):
            await call.send(token("again "))
            await asyncio.sleep(0.02)

    w.upstream.script("evil-wait", STALL)
    w.upstream.script("evil-half", half(False), STALL)
    w.upstream.script("evil-drip", STREAM, drip, STALL)
    random.seed(20)
    pairs = []
    gate = asyncio.Semaphore(50)

    async def one(number):
        phase = number % 7
        stream = random.random() < 0.5
        async with gate:
            client = await w.gateway.client()
            # The body's padding identifies the call, so that its end can be recognized.
            mark = f"#{number}#"
            if phase == 0:
                await client.send(get("/healthz")[: random.randrange(40)])
            elif phase == 1:
                data = chat("evil-wait", stream, padding=4000)
                await client.send(data[: random.randrange(200, len(data) - 1)])
            elif phase == 2:
                await client.send(chat("hole-1", stream))
            elif phase == 3:
                await client.send(chat("evil-wait", stream, prompt=mark))
            elif phase == 4:
                await client.send(chat("evil-half", False, prompt=mark))
            elif phase == 5:
                await client.send(chat("evil-drip", True, prompt=mark))
                await client.response(until=b"again ")
            else:
                await client.send(chat("good", stream))
                expect_good(await client.response())
            await asyncio.sleep(random.uniform(0.01, 0.08))
            client.leave_somehow()
            if phase in (3, 4, 5):
                pairs.append((mark.encode(), client))

    await asyncio.gather(*(one(number) for number in range(1000)))
    await asyncio.sleep(0.5)
    calls = {}
    for each in w.upstream.calls.values():
        for call in each:
            if b"#" in call.body:
                calls[b"#" + call.body.split(b"#")[1] + b"#"] = call
    times = []
    for mark, client in pairs:
        if mark not in calls:
            continue  # Disconnected before the upstream had the request.
        expect(calls[mark].left_at, "an upstream request still runs half a second after its client disconnected")
        times.append((calls[mark].left_at - client.left_at) * 1000)
    times.sort()
    expect(len(times) > 300, f"only {len(times)} were measured")
    p99 = times[int(len(times) * 0.99)]
    expect(p99 <= NOTICE_MAX_MS, f"p99 of the time from a client's close to its upstream's: {p99:.0f} ms")


@fault("C9", "a thousand connections a second open and close: the p99 of others at most doubles", ONCE, limit=60)
async def churn(w, _):
    calm = await pace(w, w.gateway)
    made = 0

    async def come_and_go():
        nonlocal made
        began = time.monotonic()
        while True:
            due = int((time.monotonic() - began) * 1000) - made
            for _ in range(max(0, due)):
                client = await Client.open(w.gateway.port, source=f"127.0.0.{1 + made % 8}")
                if made % 3 == 0:
                    client.socket.send(get("/healthz"))
                client.close("rst" if made % 2 else "fin")
                made += 1
            await asyncio.sleep(0.005)

    task = w.spawn(come_and_go())
    began = time.monotonic()
    await undisturbed(w, w.gateway, calm)
    rate = made / (time.monotonic() - began)
    expect(not task.done(), "a connection was refused")
    expect(rate > 700, f"only {rate:.0f} connections a second were made")
