"""U24, U26: upstreams that do not read the request, or respond before they have read it."""

import asyncio

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.gateway import provider
from kit.table import fault
from kit.upstream import good, reply

MEBIBYTE = 1024 * 1024
PATIENT = {
    "commit_after_secs": 8,
    "upstream_first_event_timeout_secs": 8,
    "upstream_total_timeout_secs": 8,
    "upstream_send_timeout_secs": 1,
}


@fault("U26", "an upstream that does not read the request: cancelled at the send timeout", quick=("stream",))
async def slow_to_take(w, v):
    async with w.own(PATIENT) as gateway:
        response = await gateway.ask("mute-1", v == "stream", padding=6 * MEBIBYTE)
        expect_error(response, 504, "upstream_timeout")
        within(response.ms, 900, 2500)


@fault("U26-next", "an upstream that does not read the request: failover")
async def slow_to_take_next(w, v):
    async with w.own(PATIENT) as gateway:
        response = await gateway.ask("over-mute-1", v == "stream", padding=6 * MEBIBYTE)
        expect_good(response)
        within(response.ms, 900, 3000)


@fault("U26-slow", "an upstream that reads the request slowly is not interrupted")
async def slow_but_taking(w, v):
    loop = asyncio.get_running_loop()
    size = 3 * MEBIBYTE

    async def sips(sock, _):
        taken = 0
        while taken < size:
            taken += len(await loop.sock_recv(sock, 128 * 1024))
            await asyncio.sleep(0.08)
        await loop.sock_sendall(sock, good(v == "stream"))

    w.upstream.listen("sips", rcvbuf=64 * 1024, greet=sips)
    async with w.own(PATIENT, providers=[provider("sips", w.url("sips"), ["*"]), *w.providers()]) as gateway:
        expect_good(await gateway.ask("sips-1", v == "stream", padding=size))


def early(w, name, body, closes):
    """Open a port that responds as soon as it has a request's head."""
    loop = asyncio.get_running_loop()
    taken = []

    async def answer_early(sock, _):
        head = b""
        while b"\r\n\r\n" not in head:
            data = await loop.sock_recv(sock, 4096)
            if not data:
                return
            head += data
        await loop.sock_sendall(sock, body)
        if closes:
            return
        await asyncio.sleep(0.3)
        count = 0
        try:
            while data := await loop.sock_recv(sock, 65536):
                count += len(data)
        except ConnectionError:
            pass
        taken.append(count)

    w.upstream.listen(name, rcvbuf=16 * 1024, greet=answer_early)
    return taken


@fault("U24", "a 413 before the whole request was sent: passed on immediately, and the upload stops", quick=True)
async def early_refusal(w, v):
    size = 6 * MEBIBYTE
    refusal = reply({"error": {"message": "too long", "type": "invalid_request_error", "code": None}}, 413)
    taken = early(w, f"early-{v}", refusal, closes=False)
    async with w.own(
        PATIENT, providers=[provider("early", w.url(f"early-{v}"), ["early-*"]), *w.providers()]
    ) as gateway:
        response = await gateway.ask("early-1", v == "stream", padding=size)
        expect_error(response, 413, "upstream_rejected_request")
        within(response.ms, 0, 2000)
        for _ in range(40):
            if taken:
                break
            await asyncio.sleep(0.05)
        expect(taken and taken[0] < size, f"the upload continued after the response: {taken}")


@fault("U24-close", "a 413 and a close before the whole request was sent: a defined error", quick=True)
async def early_close(w, v):
    refusal = reply({"error": {"message": "too long", "type": "invalid_request_error", "code": None}}, 413)
    early(w, f"abrupt-{v}", refusal, closes=True)
    async with w.own(
        PATIENT, providers=[provider("early", w.url(f"abrupt-{v}"), ["early-*"]), *w.providers()]
    ) as gateway:
        response = await gateway.ask("early-1", v == "stream", padding=6 * MEBIBYTE)
        # The reset that follows the response may overtake it; then no client can read the response.
        if response.status == 413:
            expect_error(response, 413, "upstream_rejected_request")
        else:
            expect_error(response, 502, ("upstream_truncated", "upstream_unreachable"))
        within(response.ms, 0, 2000)


@fault("U24-good", "a successful response before the whole request was sent: passed on")
async def early_answer(w, v):
    early(w, f"eager-{v}", good(v == "stream"), closes=False)
    async with w.own(
        PATIENT, providers=[provider("early", w.url(f"eager-{v}"), ["early-*"]), *w.providers()]
    ) as gateway:
        response = await gateway.ask("early-1", v == "stream", padding=6 * MEBIBYTE)
        if response.status == 200 and response.end != "complete":
            expect_event(response)
        else:
            expect_good(response)
