"""H51, H52: drain, and hot restart under load."""

import asyncio
import glob
import os
import signal
import socket
import time

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.client import Client, chat, get
from kit.table import ONCE, fault
from kit.upstream import DONE, FINISH, STALL, STREAM, TEXT, good, half, token

PATIENT = {
    "upstream_first_event_timeout_secs": 20,
    "upstream_stall_timeout_secs": 20,
    "upstream_total_timeout_secs": 20,
    "drain_timeout_secs": 15,
}


def end(gateway, number=signal.SIGTERM):
    os.kill(gateway.pid, number)


async def in_flight(w, gateway, count):
    """Start requests, half of them streams. Return the clients, the responses so far, and an event that ends them."""
    go = asyncio.Event()

    async def wait(_):
        await go.wait()

    w.upstream.script("evil-run", STREAM, token("one "), wait, token("two three four "), FINISH + DONE)
    w.upstream.script("evil-whole", wait, lambda call: [good(False)])
    clients = []
    for number in range(count):
        stream = number % 2 == 0
        clients.append((await gateway.begin("evil-run" if stream else "evil-whole", stream), stream))
    began = [await client.response(until=b"one ") if stream else None for client, stream in clients]
    while len(w.upstream.calls["evil-whole"]) < count // 2:
        await asyncio.sleep(0.01)
    return clients, began, go


async def all_good(clients, began):
    lost = []

    async def one(client, stream, response):
        try:
            if stream:
                expect_good(await client.rest(response, 15), TEXT)
            else:
                expect_good(await client.response(15))
        except AssertionError as error:
            lost.append(str(error))

    await asyncio.gather(*(one(c, s, r) for (c, s), r in zip(clients, began)))
    expect(not lost, f"{len(lost)} of {len(clients)} were lost, as in: {lost[:1]}")


async def gone(gateway, timeout=10):
    """Wait for a clean exit."""
    gateway.stop = lambda: asyncio.sleep(0)
    await gateway.wait(timeout)


def drains(name, count, quick, limit):
    @fault(name, f"{count:,} requests in progress at SIGTERM: all complete", ONCE, quick=quick, limit=limit)
    async def row(w, _):
        async with w.own(PATIENT, settles=False) as gateway:
            clients, began, go = await in_flight(w, gateway, count)
            waiting = await gateway.client()
            await waiting.send(get("/readyz")[:10])
            idle = await gateway.client()
            await idle.send(get("/healthz"))
            await idle.response()
            end(gateway)
            await asyncio.sleep(0.3)
            expect(gateway.alive, "it exited during requests")
            expect(await idle.ended(1) == "eof", "an idle connection was reset")
            await waiting.send(get("/readyz")[10:])
            readiness = await waiting.response(2)
            expect(readiness.status == 503, f"readiness is {readiness.status} during the drain")
            expect(readiness.fields.get("connection") == "close", "a response during the drain lacks connection: close")
            go.set()
            await all_good(clients, began)
            for client, _ in clients:
                client.close()
            await gone(gateway, 5)


drains("H51-40", 40, True, 20)
drains("H51-1000", 1000, False, 60)


@fault("H51-idle", "SIGTERM, SIGINT: without requests it exits immediately and cleanly", ONCE, quick=True)
async def idle_end(w, _):
    for number in (signal.SIGTERM, signal.SIGINT):
        async with w.own(PATIENT, settles=False) as gateway:
            idle = [await gateway.client() for _ in range(20)]
            began = time.monotonic()
            end(gateway, number)
            await gone(gateway, 3)
            within((time.monotonic() - began) * 1000, 0, 1000, "the end")
            for client in idle:
                expect(await client.ended() == "eof", "an idle connection was reset")


@fault("H51-grace", "the drain timeout expires: an error event or 503, and an exit", quick=True)
async def grace(w, v):
    stream = v == "stream"
    async with w.own({**PATIENT, "drain_timeout_secs": 1}, settles=False) as gateway:
        w.upstream.script("evil-h51", half(True), STALL) if stream else w.upstream.script("evil-h51", STALL)
        client = await gateway.begin("evil-h51", stream)
        response = await client.response(until=b"two") if stream else None
        await asyncio.sleep(0.1)
        began = time.monotonic()
        end(gateway)
        if stream:
            expect_event(await client.rest(response), "shutting_down", "one two ")
        else:
            expect_error(await client.response(), 503, "shutting_down")
        within((time.monotonic() - began) * 1000, 900, 2000, "the grace")
        client.close()
        await gone(gateway, 6)


@fault("H51-twice", "a second signal ends it immediately", quick=True)
async def second_signal(w, v):
    stream = v == "stream"
    async with w.own(PATIENT, settles=False) as gateway:
        w.upstream.script("evil-h51", half(True), STALL) if stream else w.upstream.script("evil-h51", STALL)
        client = await gateway.begin("evil-h51", stream)
        if stream:
            await client.response(until=b"two")
        await asyncio.sleep(0.1)
        end(gateway)
        await asyncio.sleep(0.2)
        expect(gateway.alive, "the first signal did not wait")
        began = time.monotonic()
        end(gateway)
        with_code = asyncio.create_task(gateway.process.wait())
        await asyncio.wait_for(with_code, 3)
        within((time.monotonic() - began) * 1000, 0, 1000, "the end")
        gateway.stop = lambda: asyncio.sleep(0)


class Load:
    """Continuous requests, most on new connections, some on kept-alive ones."""

    def __init__(self, port):
        self.port = port
        self.good = 0
        self.bad = []
        self.over = False

    async def once(self, number):
        stream = number % 2 == 0
        client = None
        try:
            client = await Client.open(self.port)
            await client.send(chat("good-load", stream, close=True))
            expect_good(await client.response(8))
            self.good += 1
        except (OSError, AssertionError, TimeoutError) as error:
            self.bad.append(f"{type(error).__name__} {error}"[:200])
        finally:
            if client:
                client.close()

    async def fresh(self, number):
        while not self.over:
            await self.once(number)
            await asyncio.sleep(0.01)

    async def kept(self, number):
        """Send requests on one connection. If it was closed between two requests, open another, as every client does."""
        client = None
        while not self.over:
            reused = client is not None
            try:
                client = client or await Client.open(self.port)
                await client.send(chat("good-load", number % 2 == 0))
                response = await client.response(8)
                if response.status == 0 and reused:
                    client.close()
                    client = None
                    continue
                expect_good(response)
                self.good += 1
                if response.fields.get("connection") == "close":
                    client.close()
                    client = None
            except (OSError, AssertionError, TimeoutError) as error:
                if not (reused and isinstance(error, OSError)):
                    self.bad.append(f"kept: {type(error).__name__} {error}"[:200])
                if client:
                    client.close()
                client = None
            await asyncio.sleep(0.01)
        if client:
            client.close()

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self.fresh(n)) for n in range(20)]
        self.tasks += [asyncio.create_task(self.kept(n)) for n in range(10)]
        await asyncio.sleep(0.5)
        return self

    async def __aexit__(self, kind, *_):
        self.over = True
        done, late = await asyncio.wait(self.tasks, timeout=10)
        for task in late:
            task.cancel()
        if kind is None:
            for task in done:
                task.result()
            expect(not self.bad, f"{len(self.bad)} of {self.good + len(self.bad)} failed, as in: {self.bad[:1]}")
            expect(self.good > 200, f"only {self.good} requests were made")


@fault(
    "H52-fds",
    "three restarts on a socket that the supervisor holds: nothing refused, reset or failed",
    ONCE,
    quick=True,
    limit=40,
)
async def handed_over(w, _):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    w.closers.append(listener.close)
    port = listener.getsockname()[1]
    # Move the descriptor to number 3 and set its variables in the process that then becomes hoosh.
    wrap = ["bash", "-c", f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh"]
    start = {"wrap": wrap, "pass_fds": (listener.fileno(),)}

    async def one():
        from kit.gateway import Gateway

        gateway = Gateway(w, PATIENT, **start)
        w.owned.append(gateway)
        await gateway.start(port=port)
        return gateway

    now = await one()
    async with Load(port):
        for _ in range(3):
            after = await one()
            now.note_lag(await now.status())
            end(now)
            await now.wait(12)
            w.owned.remove(now)
            now = after
            await asyncio.sleep(0.3)
    await now.stop()


def serving(program):
    """Return the processes of this program with this configuration."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if program.encode() in file.read().split(b"\0"):
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue
    return found


def exists(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@fault("H52-usr2", "three hot restarts by SIGUSR2: no connection refused or reset, no request failed", ONCE, quick=True, limit=60)
async def successor(w, _):
    async with w.own(PATIENT, settles=False) as gateway:
        try:
            async with Load(gateway.port):
                pid = gateway.pid
                for _ in range(3):
                    os.kill(pid, signal.SIGUSR2)
                    deadline = time.monotonic() + 10
                    while exists(pid) or not [p for p in serving(gateway.config) if p != pid and exists(p)]:
                        expect(time.monotonic() < deadline, f"no successor: {gateway.said()[-300:]}")
                        await asyncio.sleep(0.05)
                    (pid,) = [p for p in serving(gateway.config) if p != pid and exists(p)]
                    await asyncio.sleep(0.3)
            expect(gateway.process.returncode in (0, None), f"the first ended with {gateway.process.returncode}")
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 5
            while exists(pid):
                expect(time.monotonic() < deadline, "the last successor does not exit")
                await asyncio.sleep(0.05)
        finally:
            for pid in serving(gateway.config):
                if exists(pid):
                    os.kill(pid, signal.SIGKILL)
        gateway.stop = lambda: asyncio.sleep(0)


@fault("H52-broken", "SIGUSR2 with an invalid configuration: the old process continues", ONCE, quick=True)
async def broken_successor(w, _):
    async with w.own(PATIENT) as gateway:
        with open(gateway.config) as file:
            text = file.read()
        with open(gateway.config, "w") as file:
            file.write("[server\n")
        for _ in range(2):
            os.kill(gateway.pid, signal.SIGUSR2)
            await asyncio.sleep(0.7)
            expect(gateway.alive, "it exited without a successor")
            expect_good(await gateway.ask("good", True))
            expect((await gateway.fetch("/readyz")).status == 200, "it drains without a successor")
        with open(gateway.config, "w") as file:
            file.write(text)
