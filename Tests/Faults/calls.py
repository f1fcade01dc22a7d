"""H49, H50, P4: system calls that fail with each of their error codes, injected by strace."""

import asyncio
import os
import re

from kit.checks import expect, expect_error, expect_event, expect_good
from kit.client import get
from kit.table import BOTH, ONCE, Skip, fault
from kit.upstream import DONE, FINISH, STREAM, answer, reply, token
from kit.world import need_program

SPIN_MAX = 0.05


class Strace:
    """strace attached to a gateway. `inject` is the list of its options."""

    def __init__(self, w, gateway, *inject):
        self.w, self.gateway, self.inject = w, gateway, inject
        self.log = os.path.join(w.folder, "strace")

    async def __aenter__(self):
        need_program("strace")
        calls = ",".join(sorted({each.split(":")[0] for each in self.inject}))
        words = [word for each in self.inject for word in ("-e", f"inject={each}")]
        command = ["strace", "-f", "-p", str(self.gateway.pid), "-o", self.log, "-e", f"trace={calls}", *words]
        # strace fails if a thread ends while it attaches.
        for _ in range(5):
            self.process = await self.w.process(*command, stderr=asyncio.subprocess.PIPE)
            async with asyncio.timeout(5):
                said = await self.process.stderr.readline()
            if b"attached" in said:
                self.drain = asyncio.create_task(self.process.stderr.read())
                return self
            await self.process.wait()
        raise Skip(f"needs ptrace: {said.decode().strip()}")

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()
        await self.drain
        with open(self.log) as file:
            self.injected = len(re.findall(r"INJECTED", file.read()))


async def traced(w):
    """Start a gateway to attach to."""
    need_program("strace")
    return w.own({"upstream_total_timeout_secs": 5, "upstream_first_event_timeout_secs": 5}, counts_lag=False)


@fault("H50", "every third call is interrupted or would block: the same bytes", BOTH, quick=True)
async def interrupted(w, v):
    text = "".join(chr(97 + n % 26) for n in range(20_000))
    if v == "stream":
        w.upstream.script(
            "evil-h50", STREAM, *(token(text[n : n + 100]) for n in range(0, len(text), 100)), FINISH + DONE
        )
    else:
        w.upstream.script("evil-h50", reply(answer(text)))
    async with await traced(w) as gateway:
        for inject in (
            ["recvfrom:error=EINTR:when=1+3"],
            ["recvfrom:error=EAGAIN:when=2+3"],
            ["sendto:error=EINTR:when=1+3"],
            ["sendto:error=EAGAIN:when=2+3"],
            ["epoll_wait:error=EINTR:when=1+3", "epoll_pwait:error=EINTR:when=1+3"],
            ["accept4:error=EINTR:when=1+2"],
            ["accept4:error=EAGAIN:when=1+2"],
            ["poll:error=EINTR:when=1+3"],
        ):
            async with Strace(w, gateway, *inject) as strace:
                for _ in range(3):
                    expect_good(await gateway.ask("evil-h50", v == "stream", padding=2000), text)
            expect(strace.injected or inject[0].startswith("poll"), f"nothing was injected: {inject}")


@fault("H49", "the peer disconnects during a send: no signal ends the process", ONCE, quick=True)
async def no_signal(w, _):
    async with await traced(w) as gateway:
        async with Strace(w, gateway, "sendto:error=EPIPE:signal=SIGPIPE:when=1+2") as strace:
            for stream in (True, False, True, False):
                client = await gateway.begin("good", stream)
                await client.response(5)
                client.close()
        expect(strace.injected, "nothing was injected")
        expect(gateway.alive, "a signal ended it")
        expect_good(await gateway.ask("good", True))


MATRIX = {
    "accept4": "EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EPROTO EPERM EINTR EAGAIN ENETDOWN EHOSTUNREACH".split(),
    "recvfrom": "ECONNRESET ETIMEDOUT ENOMEM ENOTCONN EINTR EAGAIN ECONNREFUSED EHOSTUNREACH".split(),
    "sendto": "EPIPE ECONNRESET ENOBUFS ENOMEM EINTR EAGAIN EHOSTUNREACH".split(),
    "connect": "ECONNREFUSED ETIMEDOUT ENETUNREACH EHOSTUNREACH EADDRNOTAVAIL EACCES EPERM EINTR EAGAIN".split(),
    "getsockopt": "ENOBUFS ENOMEM ENOTCONN EINVAL".split(),
    "setsockopt": "ENOBUFS ENOMEM EINVAL ENOPROTOOPT".split(),
    "socket": "EMFILE ENFILE ENOBUFS ENOMEM EACCES".split(),
    "epoll_ctl": "ENOSPC ENOMEM".split(),
    "epoll_wait": ["EINTR"],
    "shutdown": "ENOTCONN".split(),
    "getpeername": "ENOTCONN ENOBUFS".split(),
    "getsockname": "ENOBUFS".split(),
    "fcntl": "EAGAIN".split(),
    "poll": "EINTR ENOMEM".split(),
}
QUICK = ("accept4", "recvfrom", "sendto", "connect", "epoll_wait")


def defined(result, stream):
    """Check for a good response, a defined error, or a broken connection, and nothing else."""
    if isinstance(result, Exception) and not isinstance(result, AssertionError):
        return
    if isinstance(result, AssertionError):
        raise result
    if result.status == 0:
        return
    if result.status == 200 and result.end == "complete":
        expect_good(result)
    elif result.status == 200 and stream and b"error" in result.body:
        expect_event(
            result, ("upstream_truncated", "upstream_timeout", "upstream_failed", "upstream_malformed_response")
        )
    elif result.status != 200 and result.end == "complete":
        expect_error(result, result.status, (result.json.get("error") or {}).get("code", "none"))
    # Otherwise the connection itself broke within the response, which the client can detect.


def row(call, codes):
    @fault(f"P4-{call}", f"{call} fails once with each of {len(codes)} codes: a defined result, no spin, and normal operation afterwards", ONCE,
           quick=call in QUICK, limit=90)  # fmt: skip
    async def matrix(w, _):
        async with await traced(w) as gateway:
            unseen = []
            for code in codes:
                calls = ["epoll_wait", "epoll_pwait"] if call == "epoll_wait" else [call]
                async with Strace(w, gateway, *(f"{each}:error={code}:when=1" for each in calls)) as strace:
                    for stream in (True, False):
                        try:
                            result = await gateway.ask("good", stream, timeout=6)
                        except (OSError, AssertionError) as error:
                            result = error
                        expect(gateway.alive, f"{code} ended it: {gateway.said()[-300:]}")
                        defined(result, stream)
                if not strace.injected:
                    unseen.append(code)
                expect(gateway.alive, f"{code} ended it: {gateway.said()[-300:]}")
                for stream in (True, False):
                    expect_good(await gateway.ask("good", stream))
            share = await gateway.cpu_share(0.4)
            expect(share < SPIN_MAX + 0.05, f"{share:.0%} of a core while idle")
            if len(unseen) == len(codes):
                raise Skip(f"needs a hoosh that calls {call}")


for each, those in MATRIX.items():
    row(each, those)


@fault("P4-always", "accept keeps failing: no spin, and normal operation afterwards", ONCE)
async def always(w, _):
    async with await traced(w) as gateway:
        for code in ("EMFILE", "ENFILE", "ENOMEM"):
            async with Strace(w, gateway, f"accept4:error={code}"):
                clients = [await gateway.client() for _ in range(5)]
                for client in clients:
                    await client.send(get("/healthz"))
                await asyncio.sleep(0.3)
                share = await gateway.cpu_share(1)
                # Each system call costs far more under strace.
                expect(share < 4 * SPIN_MAX, f"{share:.0%} of a core while accept fails with {code}")
            for client in clients:
                client.close()
            await asyncio.sleep(0.6)
            expect_good(await gateway.ask("good", True))


@fault("P4-new", "no memory for a new upstream connection", ONCE)
async def nothing_new(w, _):
    async with await traced(w) as gateway:
        async with Strace(w, gateway, "socket:error=ENFILE") as strace:
            for stream in (True, False):
                response = await gateway.ask("good", stream)
                expect_error(
                    response,
                    response.status,
                    ("upstream_unreachable", "overloaded", "upstream_failed", "upstream_malformed_response"),
                )
        expect(strace.injected, "nothing was injected")
        expect_good(await gateway.ask("good", True))
