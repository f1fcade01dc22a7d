"""H48, P1 to P3: a machine that runs out of descriptors, memory, or CPU time."""

import asyncio
import contextlib
import os
import signal
import sys
import time

from kit.checks import expect, expect_error, expect_good
from kit.client import chat
from kit.pace import pace
from kit.table import BOTH, ONCE, Skip, fault
from kit.upstream import DONE, FINISH, STREAM, TEXT, good, token
from kit.world import need_program
from reading import firehose

MEBIBYTE = 1024 * 1024
# The share of one core that an exhausted gateway may use while idle.
SPIN_MAX = 0.05
# After many large bodies, the allocator keeps about half; repetition must not increase that.
KEPT = 48 * 1024 * 1024
PATIENT = {
    "upstream_first_event_timeout_secs": 20,
    "upstream_stall_timeout_secs": 20,
    "upstream_total_timeout_secs": 20,
}


@fault("H48", "no descriptor for a connection: 503, no spin, and recovery within a second", ONCE, quick=True)
async def no_descriptors(w, _):
    need_program("prlimit")
    async with w.own({"idle_timeout_secs": 60}, wrap=["prlimit", "--nofile=64:64"]) as gateway:
        clients = [await gateway.client() for _ in range(100)]
        await asyncio.sleep(0.3)
        share = await gateway.cpu_share(1)
        expect(share < SPIN_MAX, f"{share:.0%} of a core without free descriptors")
        refused = []
        for client in clients:
            try:
                response = await client.response(0.02)
            except AssertionError:
                continue
            expect_error(response, 503, "overloaded")
            refused.append(client)
        expect(len(refused) >= 20, f"{len(refused)} of 100 connections received an error, with 64 descriptors")
        extra = await gateway.client()
        expect_error(await extra.response(3), 503, "overloaded")
        for client in clients[:20]:
            client.close()
        began = time.monotonic()
        while (response := await gateway.ask("good", True)).status != 200:
            expect(time.monotonic() - began < 1, f"still rejected a second after descriptors became free: {response}")
            await asyncio.sleep(0.05)
        expect_good(response)
        for client in clients:
            client.close()


@fault("P1", "no descriptor for an upstream: a defined error, streams continue, and recovery", quick=("whole",))
async def no_upstream_descriptors(w, v):
    need_program("prlimit")
    go = asyncio.Event()

    async def wait(_):
        await go.wait()

    async with w.own(PATIENT, wrap=["prlimit", "--nofile=48:48"]) as gateway:
        w.upstream.script("evil-p1", STREAM, token("one "), wait, token("two three four "), FINISH + DONE)
        stream = await gateway.begin("evil-p1", True)
        response = await stream.response(until=b"one")
        held = []
        # Open one more at a time until none is left. Half of them are requests, which need another for their upstream.
        for _ in range(60):
            client = await gateway.client()
            await client.send(chat("evil-p1", True))
            held.append(client)
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.3)
        share = await gateway.cpu_share(1)
        expect(share < SPIN_MAX, f"{share:.0%} of a core without free descriptors")
        answer = await gateway.ask("good", v == "stream", timeout=5)
        expect(answer.status in (502, 503), f"status {answer.status}")
        expect_error(
            answer,
            answer.status,
            ("overloaded", "upstream_unreachable", "upstream_failed", "upstream_malformed_response"),
        )
        go.set()
        expect_good(await stream.rest(response), TEXT)
        for client in [stream, *held]:
            client.close()
        began = time.monotonic()
        while (answer := await gateway.ask("good", v == "stream")).status != 200:
            expect(time.monotonic() - began < 2, f"still rejected two seconds after descriptors became free: {answer}")
            await asyncio.sleep(0.05)


async def fill(w, gateway, go, stop, count, size=MEBIBYTE):
    """Send requests that stay at the upstream until one is rejected. Return the running ones and the rejection."""

    async def wait(_):
        await go.wait()

    w.upstream.script("evil-p2", wait, lambda call: [good(call.stream)])
    held = []
    for number in range(count):
        client = await gateway.client()
        with contextlib.suppress(ConnectionError):
            await client.send(chat("evil-p2", number % 2 == 0, padding=size))
        try:
            response = await client.response(0.06)
        except AssertionError:
            held.append(client)
            expect(gateway.alive, "it died")
            continue
        if response.status == 0 and not gateway.alive:
            raise AssertionError(f"it died: {gateway.process.returncode}")
        client.close()
        return held, response
    return held, None


async def sheds(w, gateway, count):
    go = asyncio.Event()
    held, refusal = await fill(w, gateway, go, None, count)
    expect(gateway.alive, "it died")
    expect(
        refusal is not None, f"{len(held)} MiB of bodies, and none was refused; {gateway.rss() >> 20} MiB are resident"
    )
    expect_error(refusal, 503, "overloaded")
    expect(len(held) >= 4, f"rejected after {len(held)} bodies")
    expect((await gateway.fetch("/healthz")).status == 200, "/healthz is rejected while memory is short")
    go.set()
    for client in held:
        expect_good(await client.response(10))
        client.close()
    began = time.monotonic()
    while (response := await gateway.ask("good", True)).status != 200:
        expect(time.monotonic() - began < 5, f"still rejected after all requests ended: {response}")
        await asyncio.sleep(0.1)


@fault(
    "P2",
    "memory reaches `--max-memory`: new requests get 503, running ones go on, and then it recovers",
    ONCE,
    quick=True,
    limit=40,
)
async def memory_ceiling(w, _):
    async with w.own(PATIENT, arguments=["--max-memory", "64M"], rss=KEPT) as gateway:
        expect((await gateway.status())["bytes"]["memory_max"] == 64 * MEBIBYTE, "the status shows another memory limit")
        # `request_bodies_bytes_max` is 64 MiB here: it must not be the limit that is reached.
        for _ in range(2):
            await sheds(w, gateway, 60)


@fault("P2-recover", "memory was above its limit and has been released: requests are accepted", ONCE, limit=40)
async def memory_recovers(w, _):
    async with w.own({"client_read_timeout_secs": 20}, arguments=["--max-memory", "64M"], settles=False) as gateway:
        w.upstream.script("evil-p2", STREAM, firehose(64 * MEBIBYTE))
        clients = []
        for _ in range(400):
            client = await gateway.client(rcvbuf=4096)
            clients.append(client)
            with contextlib.suppress(ConnectionError):
                await client.send(chat("evil-p2", True))
        await asyncio.sleep(3)
        most = gateway.rss() >> 20
        for client in clients:
            client.close("rst")
        began = time.monotonic()
        while (response := await gateway.ask("good", True)).status != 200:
            last = f"{gateway.rss() >> 20} MiB are resident, {most} were"
            expect(time.monotonic() - began < 5, f"still rejected five seconds after all requests ended; {last}")
            await asyncio.sleep(0.1)
        expect_good(response)


@fault("P2-cgroup", "near the kernel's memory limit, it sheds load before it is killed", ONCE, limit=60)
async def memory_cgroup(w, _):
    group = f"/sys/fs/cgroup/memory/hoosh-faults-{os.getpid()}"
    try:
        os.mkdir(group)
        with open(f"{group}/memory.limit_in_bytes", "w") as file:
            file.write(str(160 * MEBIBYTE))
    except OSError as error:
        with contextlib.suppress(OSError):
            os.rmdir(group)
        raise Skip(f"needs a memory cgroup (v1) that can be written: {error}")
    try:
        wrap = ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh"]
        ceilings = {**PATIENT, "request_bodies_bytes_max": 1024 * MEBIBYTE}
        async with w.own(ceilings, wrap=wrap, arguments=["--max-memory", "96M"], rss=KEPT) as gateway:
            await sheds(w, gateway, 200)
            with open(f"{group}/memory.oom_control") as file:
                text = file.read()
            expect("oom_kill 0" in text or "oom_kill" not in text, f"the kernel killed: {text}")
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                os.rmdir(group)
                break
            await asyncio.sleep(0.1)


@fault("P3-stolen", "two busy loops take the processor: every request is answered", quick=("stream",), limit=40)
async def stolen(w, v):
    stream = v == "stream"
    before = (await w.gateway.status())["loop"]["lag_us"]["max"]
    for _ in range(2):
        await w.process(sys.executable, "-c", "while True: pass")
    others = w.spawn(pace(w, w.gateway, 2, 100))
    for _ in range(10):
        for response in await asyncio.gather(*(w.gateway.ask("good", stream) for _ in range(20))):
            expect_good(response)
    expect((await others)["failed"] == 0, "requests failed")
    status = await w.gateway.status()
    lag = status["loop"]["lag_us"]["max"]
    expect(lag <= max(before, w.gateway.lag_max_us), f"the loop's own lag was {lag / 1000:.1f} ms")


@fault(
    "P3-stopped",
    "the process stands still for two seconds: what was healthy is not taken for late",
    BOTH,
    quick=("stream",),
)
async def stopped(w, v):
    stream = v == "stream"

    async def tokens(call):
        if stream:
            for _ in range(25):
                await call.send(token("x"))
                await asyncio.sleep(0.1)
            await call.send(FINISH + DONE)
        else:
            await asyncio.sleep(0.7)
            await call.send(good(False))

    w.upstream.script("evil-p3", *([STREAM] if stream else []), tokens)
    async with w.own({"upstream_total_timeout_secs": 1.5}, counts_lag=False) as gateway:
        running = [w.spawn(gateway.ask("evil-p3", stream)) for _ in range(50)]
        await asyncio.sleep(0.4)
        os.kill(gateway.pid, signal.SIGSTOP)
        # Clients that connect meanwhile wait, and are served afterwards.
        late = [w.spawn(gateway.ask("good", stream)) for _ in range(50)]
        await asyncio.sleep(2)
        os.kill(gateway.pid, signal.SIGCONT)
        for task in running:
            expect_good(await task, "x" * 25 if stream else TEXT)
        for task in late:
            expect_good(await task)
        expect(len(w.upstream.calls["evil-p3"]) == 50, "requests were repeated")
        await asyncio.sleep(0.5)
        share = await gateway.cpu_share(1)
        expect(share < SPIN_MAX, f"{share:.0%} of a core while idle")
