"""The gateway's process: configuration, measurements, and exit."""

import asyncio
import json
import os
import re
import signal
import time

from kit.client import Client, chat, get

# Short, so that a fault takes a second instead of minutes.
SERVER = {
    "port": 0,
    "commit_after_secs": 0.7,
    "keep_alive_comment_secs": 5,
    "idle_timeout_secs": 20,
    "header_timeout_secs": 1,
    "body_timeout_secs": 1,
    "client_read_timeout_secs": 2,
    "drain_timeout_secs": 5,
    "upstream_connect_timeout_secs": 0.5,
    "upstream_send_timeout_secs": 1,
    "upstream_first_event_timeout_secs": 1,
    "upstream_stall_timeout_secs": 1,
    "upstream_total_timeout_secs": 1.5,
    "json_body_bytes_max": 8 * 1024 * 1024,
    "request_bodies_bytes_max": 64 * 1024 * 1024,
    "dns_cache_secs": 1,
    "health_check_interval_secs": 0,
    "models_refresh_secs": 0,
}
# A fault consists of one attempt: no retries and no circuit breaker, unless a row enables them.
CALM = {"breaker": {"consecutive_failures_max": 0}, "retry": {"max_retries": 0}}
# The memory that may remain after a fault, because allocators keep some freed memory.
RSS_TOLERANCE = 24 * 1024 * 1024


class Gateway:
    """A running hoosh. `wrap` precedes its command line, for example `["prlimit", "--nofile=64"]`."""

    count = 0
    # The worst lag of each row, in microseconds, and the limit.
    lags = {}
    lag_max_us = 10_000
    transport = "auto"

    def __init__(
        self,
        world,
        server=None,
        providers=None,
        sections=None,
        wrap=(),
        arguments=(),
        environment=None,
        bare=False,
        **start,
    ):
        Gateway.count += 1
        self.name = f"gateway-{Gateway.count}"
        self.world = world
        folder = os.path.join(world.folder, self.name)
        os.mkdir(folder)
        self.config = os.path.join(folder, "hoosh.toml")
        self.log = os.path.join(folder, "log")
        # Some preloaded libraries remove the arguments. Without arguments, hoosh finds the file in its working folder.
        command = [] if bare else ["serve", "--config", self.config, *arguments]
        self.command = [*wrap, world.program, *command]
        self.environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", **(environment or {})}
        self.start_options = {"cwd": folder, **start}
        self.process = None
        self.lag = 0
        self.pid = None
        self.port = None
        # A wrapped process stops at every system call, or its clock is faked, so its lag is meaningless.
        self.counts_lag = True
        self.server = {**SERVER, **(server or {})}
        self.sections = {**CALM, **(sections or {})}
        self.write(world.providers() if providers is None else providers)

    def write(self, providers, **sections):
        """Write the configuration, for the start or for a reload."""
        with open(self.config + ".new", "w") as file:
            file.write(toml({"server": self.server, **self.sections, **sections}, providers))
        os.rename(self.config + ".new", self.config)

    async def start(self, port=None, timeout=10):
        with open(self.log, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                **self.start_options,
            )  # fmt: skip
        self.port = port
        end = time.monotonic() + timeout
        while True:
            found = re.search(r"listens on http://[^ ]*:(\d+) ", self.said())
            if found:
                self.port = self.port or int(found[1])
                break
            if self.process.returncode is not None or time.monotonic() > end:
                raise AssertionError(f"hoosh did not start: {self.said()[-600:]}")
            await asyncio.sleep(0.02)
        self.pid = self._find()
        return self

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def _find(self):
        """Return the process ID of hoosh itself, inside its wrapper."""
        program = os.path.realpath(self.world.program)
        left = [self.process.pid]
        while left:
            pid = left.pop(0)
            try:
                if os.path.realpath(f"/proc/{pid}/exe") == program:
                    return pid
                with open(f"/proc/{pid}/task/{pid}/children") as file:
                    left += [int(child) for child in file.read().split()]
            except OSError:
                continue
        return self.process.pid

    # Requests.

    async def client(self, **options):
        return await Client.open(self.port, **options)

    async def ask(self, model, stream, timeout=10, **more):
        """Send one request on a new connection and read its response."""
        client = await self.client()
        try:
            began = time.monotonic()
            await client.send(chat(model, stream, **more))
            response = await client.response(timeout)
            response.ms = (time.monotonic() - began) * 1000
            return response
        finally:
            client.close()

    async def begin(self, model, stream, **more):
        """Send a request and return its client."""
        client = await self.client()
        await client.send(chat(model, stream, **more))
        return client

    async def fetch(self, path, timeout=5):
        client = await self.client()
        try:
            await client.send(get(path))
            return await client.response(timeout)
        finally:
            client.close()

    async def status(self):
        response = await self.fetch("/v1/status")
        if response.status != 200:
            raise AssertionError(f"GET /v1/status: {response}")
        return response.json

    # Measurements.

    @property
    def alive(self):
        return self.process.returncode is None and os.path.exists(f"/proc/{self.pid}/fd")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def rss(self):
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def cpu_share(self, seconds=1.0):
        """Return the share of one core that the process uses in the next `seconds`."""
        before, began = self.cpu_seconds(), time.monotonic()
        await asyncio.sleep(seconds)
        return (self.cpu_seconds() - before) / (time.monotonic() - began)

    # The baseline.

    async def warm(self):
        """Use everything once, and record the baseline."""
        for stream in (True, False):
            for _ in range(3):
                await self.ask("good", stream)
        await asyncio.sleep(0.05)
        self.base_descriptors = self.descriptors()
        status = await self.status()
        self.base_multis = status["transfers"]["multis"]
        self.base_upstreams = status["descriptors"]["upstreams"]
        self.base_rss = self.rss()
        return self

    async def settled(self, timeout=4, rss=RSS_TOLERANCE):
        """Fail if anything of earlier faults is left."""
        end = time.monotonic() + timeout
        while True:
            left = await self._left(rss)
            if not left:
                return
            if time.monotonic() > end:
                raise AssertionError("left behind: " + ", ".join(left))
            await asyncio.sleep(0.05)

    async def _left(self, rss):
        status = await self.status()
        self.note_lag(status)
        counts = status["bytes"]
        left = [f"{name} {counts[name]} bytes" for name in ("input", "output", "bodies", "responses") if counts[name]]
        for name in ("open", "resolving"):
            if status["transfers"][name]:
                left.append(f"transfers {name} {status['transfers'][name]}")
        upstreams = status["descriptors"]["upstreams"]
        if upstreams > self.base_upstreams:
            left.append(f"{upstreams} upstream sockets by the status, {self.base_upstreams} at first")
        if status["clients"]["open"] > 1:
            left.append(f"clients {status['clients']['open']}")
        # libcurl's multi handles are kept; each has a wake-up pair of descriptors.
        # The connection of this request takes a moment to close on the other side too.
        await asyncio.sleep(0.02)
        most = self.base_descriptors + 2 * (status["transfers"]["multis"] - self.base_multis)
        if self.descriptors() > most:
            left.append(f"descriptors {self.descriptors()}, {most} at most")
        if self.rss() > self.base_rss + rss:
            left.append(f"memory {self.rss() >> 20} MiB, {self.base_rss >> 20} at first")
        return left

    def note_lag(self, status):
        lag = status["loop"]["lag_us"]["max"]
        # The value is the maximum since the start, so a row is only charged for an increase.
        if self.counts_lag and lag > self.lag:
            where = self.world.now_running
            Gateway.lags[where] = max(lag, Gateway.lags.get(where, 0))
        self.lag = max(lag, self.lag)

    # The end.

    async def stop(self, timeout=10):
        """Stop the process as an operator would. It must be alive and exit cleanly."""
        if not self.alive:
            code = self.process.returncode
            raise AssertionError(f"hoosh is dead (exit code {code}): {self.said()[-600:]}")
        os.kill(self.pid, signal.SIGTERM)
        await self.wait(timeout)

    async def wait(self, timeout=10):
        try:
            async with asyncio.timeout(timeout):
                code = await self.process.wait()
        except TimeoutError:
            raise AssertionError(f"hoosh did not exit within {timeout} s of its signal")
        if code != 0:
            raise AssertionError(f"hoosh exited with {code}: {self.said()[-400:]}")

    def kill(self):
        """Kill the process."""
        for pid in {self.pid, self.process.pid if self.process else None} - {None}:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass


def toml(sections, providers):
    """Return the text of a configuration."""
    lines = []
    for name, keys in sections.items():
        lines += [f"[{name}]", *(f"{key} = {value_of(value)}" for key, value in keys.items() if value is not None)]
    for provider in providers:
        keys = {"transport": Gateway.transport, **provider}
        lines += ["", "[[providers]]", *(f"{key} = {value_of(value)}" for key, value in keys.items())]
    lines += ["", "[access_log]", 'format = "off"', ""]
    return "\n".join(lines)


def value_of(value):
    return json.dumps(value)


def provider(name, url, models=None, **more):
    """Return a provider. By default it serves `NAME-…`, and is the first of two for `over-NAME-…`."""
    models = models or [f"{name}-*", f"over-{name}-*"]
    return {"type": "OpenAiCompatible", "name": name, "base_url": url, "models": models, **more}
