"""H41 to H43, H54: slow clients, idle connections, and clocks that jump."""

import asyncio
import glob
import os
import time

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.client import chat, get
from kit.pace import pace, undisturbed
from kit.table import ONCE, Skip, fault
from kit.upstream import DONE, FINISH, STALL, STREAM, good, half, token


@fault("H41", "a head that arrives byte by byte: 408 at the deadline of the whole head", ONCE, quick=True)
async def slow_head(w, _):
    client = await w.gateway.client()
    began = time.monotonic()

    async def drip():
        for byte in get("/healthz")[:-4]:
            await client.send(bytes([byte]))
            await asyncio.sleep(0.1)

    w.spawn(drip())
    response = await client.response(4)
    expect_error(response, 408, "request_timeout")
    within((time.monotonic() - began) * 1000, 900, 1700, "the 408")


@fault("H41-none", "a connection without any bytes is closed at the idle timeout", ONCE)
async def silent(w, _):
    async with w.own({"idle_timeout_secs": 1}) as gateway:
        client = await gateway.client()
        began = time.monotonic()
        await client.ended(4)
        within((time.monotonic() - began) * 1000, 900, 1800, "the close")


@fault("H41-4000", "4,000 connections in slow heads: the p99 of others at most doubles", ONCE, limit=90)
async def slowloris(w, _):
    async with w.own({"header_timeout_secs": 12}) as gateway:
        calm = await pace(w, gateway)
        clients = []
        for number in range(4000):
            client = await gateway.client(source=f"127.0.0.{1 + number % 8}")
            clients.append(client)
            client.socket.send(b"GET /healthz HTTP/1.1\r\n")

        async def drip():
            # Each sends a field every two seconds.
            while True:
                for start in range(0, 4000, 100):
                    for client in clients[start : start + 100]:
                        try:
                            client.socket.send(b"x-a: b\r\n")
                        except OSError:
                            pass
                    await asyncio.sleep(0.05)

        w.spawn(drip())
        await undisturbed(w, gateway, calm)
        # All of them receive a 408 at the deadline.
        end = time.monotonic() + 20
        while (await gateway.status())["clients"]["open"] > 1:
            expect(time.monotonic() < end, "slow heads outlive their deadline")
            await asyncio.sleep(0.2)
        expect(clients[0].socket.recv(65536).startswith(b"HTTP/1.1 408"), "no 408 for a slow head")


@fault("H42", "a body that stalls: 408 after the timeout", quick=("whole",))
async def stopped_body(w, v):
    client = await w.gateway.client()
    data = chat("good", v == "stream", padding=20_000)
    began = time.monotonic()
    await client.send(data[:400])
    expect_error(await client.response(5), 408, "request_timeout")
    within((time.monotonic() - began) * 1000, 900, 2000, "the 408")


@fault("H42-slow", "a body slower than 1 KiB a second: 408; a faster one completes", ONCE)
async def slow_body(w, _):
    async def at(rate, size):
        client = await w.gateway.client()
        data = chat("good", False, padding=size)

        async def drip():
            for start in range(0, len(data), rate // 10):
                await client.send(data[start : start + rate // 10])
                await asyncio.sleep(0.1)

        w.spawn(drip())
        return await client.response(8)

    slow, fast = await asyncio.gather(at(300, 4000), at(4000, 14_000))
    expect_error(slow, 408, "request_timeout")
    expect_good(fast)


@fault("H43", "an idle connection is closed between requests, never within a response")
async def idle(w, v):
    if v == "stream":
        steps = [STREAM, token("one "), 0.8, token("two "), 0.8, token("three "), 0.8, token("four "), FINISH + DONE]
    else:
        steps = [1.4, good(False)]
    async with w.own({"idle_timeout_secs": 0.7}) as gateway:
        w.upstream.script("evil-h43", *steps)
        client = await gateway.client()
        await client.send(chat("evil-h43", v == "stream"))
        expect_good(await client.response(5))
        began = time.monotonic()
        expect(await client.ended(3) == "eof", "an idle connection was reset")
        within((time.monotonic() - began) * 1000, 600, 1500, "the close")


@fault("H43-count", "ten thousand requests on one connection, then connection: close", ONCE)
async def many_requests(w, _):
    client = await w.gateway.client()
    count = 0
    response = None
    while count < 10_000:
        await client.send(get("/healthz") * 100)
        for _ in range(100):
            response = await client.response(3)
            expect(response.status == 200 and response.end == "complete", f"request {count}: {response}")
            count += 1
            if response.fields.get("connection") == "close":
                break
        if response.fields.get("connection") == "close":
            break
    expect(count == 10_000, f"closed after {count} requests")
    expect(response.fields.get("connection") == "close", "the last response lacks connection: close")
    await client.ended()


def fake_clock():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise Skip("needs faketime")
    return found[0]


@fault("H54", "the wall clock jumps 30 days forth and back: no timeout changes", quick=("stream",))
async def clock_jumps(w, v):
    stream = v == "stream"
    offset = os.path.join(w.folder, "clock")

    def jump(days):
        with open(offset, "w") as file:
            file.write(f"{days:+d}d\n")

    jump(0)
    fake = {
        "LD_PRELOAD": fake_clock(), "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    async with w.own(environment=fake, counts_lag=False, bare=True) as gateway:
        day = (await gateway.fetch("/healthz")).fields["date"]
        jump(30)
        expect((await gateway.fetch("/healthz")).fields["date"] != day, "the clock of hoosh did not jump")
        for days in (30, -30):
            # A stall is detected on time, with the jump in its middle, and a normal response completes.
            w.upstream.script("evil-h54", half(stream), STALL)
            w.upstream.script("evil-h54-good", 0.6, good(stream))
            slow = w.spawn(gateway.ask("evil-h54", stream))
            fine = w.spawn(gateway.ask("evil-h54-good", stream))
            await asyncio.sleep(0.3)
            jump(days)
            expect_good(await fine)
            response = await slow
            if stream:
                expect_event(response, "upstream_truncated", "one two ")
                within(response.ms, 900, 1700)
            else:
                expect_error(response, 504, "upstream_timeout")
                within(response.ms, 1400, 2200)
        jump(0)
        # An idle connection stays open, and a slow head does not.
        client = await gateway.client()
        began = time.monotonic()
        await client.send(b"GET /healthz HTTP/1.1\r\n")
        jump(-30)
        expect_error(await client.response(4), 408, "request_timeout")
        within((time.monotonic() - began) * 1000, 900, 1800, "the 408")
