"""U1, U2, U7, U20, U25: upstreams that are unreachable, or disconnect before they respond."""

import asyncio
import time

from kit.checks import expect, expect_error, expect_good, within
from kit.table import BOTH, ONCE, fault
from kit.upstream import DONE, FINISH, KEEP, RESET, STREAM, answer, good, head, reply, token


@fault("U1", "a provider refuses connections: 502 within a second", quick=True)
async def refused(w, v):
    response = await w.gateway.ask("refused-1", v == "stream")
    expect_error(response, 502, "upstream_unreachable")
    within(response.ms, 0, 1000)


@fault("U1-next", "a provider refuses connections: failover", quick=True)
async def refused_next(w, v):
    response = await w.gateway.ask("over-refused-1", v == "stream")
    expect_good(response)
    expect(response.fields["x-served-by"].startswith("good/"), "another provider served")


@fault("U2", "a provider drops connections: 504 at the connect timeout", quick=True)
async def swallowed(w, v):
    response = await w.gateway.ask("hole-1", v == "stream")
    if v == "stream" and response.status == 200:
        raise AssertionError("the response head was sent before the connect timeout")
    expect_error(response, 504, "upstream_timeout")
    within(response.ms, 450, 1200)


@fault("U2-next", "a provider drops connections: failover after the connect timeout", quick=True)
async def swallowed_next(w, v):
    response = await w.gateway.ask("over-hole-1", v == "stream")
    expect_good(response)
    within(response.ms, 450, 1200)


@fault("U2-after", "after an abandoned connection attempt, others are as fast as before", quick=True)
async def after_given_up(w, v):
    stream = v == "stream"
    for how in ("left", "late"):
        for _ in range(3):
            if how == "left":
                client = await w.gateway.begin("hole-1", stream)
                await asyncio.sleep(0.05)
                client.close("rst")
                await asyncio.sleep(0.05)
            else:
                expect_error(await w.gateway.ask("hole-1", stream), 504, "upstream_timeout")
            # The next connection most likely reuses the descriptor of the abandoned one.
            steps = [STREAM, 0.05, token("one "), 0.05, token("two three four "), FINISH + DONE]
            w.upstream.script("evil-u2", *(steps if stream else [0.1, good(False)]))
            response = await w.gateway.ask("evil-u2", stream)
            expect_good(response)
            within(response.ms, 90, 160, f"an answer of 100 ms, after a connection that was {how},")


@fault("U7", "a reset before the head", quick=True)
async def reset_before_head(w, v):
    model = w.upstream.script("evil-u7", RESET)
    expect_error(await w.gateway.ask(model, v == "stream"), 502, "upstream_truncated")
    expect(len(w.upstream.calls[model]) <= 2, f"sent {len(w.upstream.calls[model])} times")


@fault("U7-next", "a reset before the head: failover")
async def reset_before_head_next(w, v):
    w.upstream.script("over-evil-u7", RESET)
    expect_good(await w.gateway.ask("over-evil-u7", v == "stream"))


@fault("U7-mid", "a reset in the middle of the head: failover", quick=True)
async def reset_in_head(w, v):
    w.upstream.script("over-evil-u7", STREAM[: len(STREAM) // 2], 0.05, RESET)
    expect_good(await w.gateway.ask("over-evil-u7", v == "stream"))
    model = w.upstream.script("evil-u7", STREAM[: len(STREAM) // 2], 0.05, RESET)
    expect_error(await w.gateway.ask(model, v == "stream"), 502, ("upstream_truncated", "upstream_malformed_response"))
    expect(len(w.upstream.calls[model]) == 1, "retried after a part of a head")


@fault("U7-fin", "an orderly close before the head", quick=True)
async def closed_before_head(w, v):
    expect_error(await w.gateway.ask("hasty-1", v == "stream"), 502, ("upstream_truncated", "upstream_unreachable"))
    expect_good(await w.gateway.ask("over-hasty-1", v == "stream"))


@fault("U7-empty", "a stream that ends before visible output: failover")
async def empty_stream(w, v):
    from kit.upstream import LAST

    body = STREAM + LAST if v == "stream" else head(200, "application/json", "content-length: 0", "connection: close")
    w.upstream.script("over-evil-u7", body)
    expect_good(await w.gateway.ask("over-evil-u7", v == "stream"))


@fault("U20", "a kept-alive connection breaks after the request was read: never sent twice, or by libcurl once", quick=True)
async def idle_closed(w, v):
    stream = v == "stream"
    keeps = good(stream).replace(b"connection: close\r\n", b"")
    model = w.upstream.script("evil-u20", keeps, KEEP)
    for _ in range(7):
        expect_good(await w.gateway.ask(model, stream))
        await asyncio.sleep(0.02)
        before = w.upstream.accepted["evil"]
        # The upstream accepts the request on the kept-alive connection and closes instead of responding, once.
        w.upstream.scripts[model] = (lambda call: closes_once(w, model, keeps),)
        calls = len(w.upstream.calls[model])
        response = await w.gateway.ask(model, stream)
        if w.gateway.transport == "curl":
            expect_good(response)
        else:
            expect_error(response, 502, "upstream_truncated")
            expect(len(w.upstream.calls[model]) == calls + 1, "a request that was read is sent again")
        expect(w.upstream.accepted["evil"] - before <= 1, "more than one new connection for one retry")
        w.upstream.scripts[model] = (keeps, KEEP)
    expect(len(w.upstream.calls[model]) <= 7 * 3, f"sent {len(w.upstream.calls[model])} times for 14 requests")
    # Idle connections are closed, so that the check against the baseline finds none.
    w.upstream.scripts[model] = (good(stream),)
    await w.gateway.ask(model, stream)


def closes_once(w, model, keeps):
    w.upstream.scripts[model] = (keeps, KEEP)
    return [RESET]


@fault("U20-late", "a kept-alive connection closes while idle", quick=True)
async def idle_closed_unused(w, v):
    stream = v == "stream"
    keeps = good(stream).replace(b"connection: close\r\n", b"")
    model = w.upstream.script("evil-u20", keeps, KEEP)
    for _ in range(5):
        expect_good(await w.gateway.ask(model, stream))
        # Breaks the idle connections.
        calls = w.upstream.calls[model]
        w.upstream.clean()
        w.upstream.script("evil-u20", keeps, KEEP)
        w.upstream.calls[model] = calls
        await asyncio.sleep(0.03)
    expect(len(w.upstream.calls[model]) == 5, f"sent {len(w.upstream.calls[model])} times for 5 requests")
    w.upstream.scripts[model] = (good(stream),)
    await w.gateway.ask(model, stream)


@fault("U25", "every provider of the model is unhealthy: an immediate error, also for a hundred requests", quick=True)
async def all_down(w, v):
    began = time.monotonic()
    responses = await asyncio.gather(*(w.gateway.ask("refused-1", v == "stream") for _ in range(100)))
    for response in responses:
        expect_error(response, 502, "upstream_unreachable")
    within((time.monotonic() - began) * 1000, 0, 2000, "a hundred refusals")


@fault("C10", "equal concurrent requests: each receives its own response", BOTH, quick=True)
async def equal_requests(w, v):
    stream = v == "stream"
    number = iter(range(100))

    def own(call):
        text = f"answer {next(number)}"
        if stream:
            return [STREAM, 0.05, token(text), 0.05, FINISH + DONE]
        return [0.05, reply(answer(text))]

    model = w.upstream.script("evil-c10", own)
    responses = await asyncio.gather(*(w.gateway.ask(model, stream) for _ in range(20)))
    texts = sorted(response.text for response in responses)
    expect(len(set(texts)) == 20, f"responses were shared or mixed: {texts}")
    expect(len(w.upstream.calls[model]) == 20, "not one upstream request per request")


@fault("U7-burst", "two hundred concurrent requests, each of which is reset", ONCE)
async def resets_at_once(w, _):
    w.upstream.script("over-evil-u7", 0.05, RESET)
    responses = await asyncio.gather(*(w.gateway.ask("over-evil-u7", n % 2 == 0) for n in range(200)))
    for response in responses:
        expect_good(response)
