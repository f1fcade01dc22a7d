"""Hostile callers and providers beside honest ones, for a long time. Honest requests succeed, the loop never stands for
long, and memory and descriptors stay within their limits. See docs/faults.md."""

import argparse
import asyncio
import collections
import contextlib
import json
import os
import random
import resource
import sys
import tempfile
import time

from hostile import answers, honest, shapes
from hostile.callers import CALLERS, Field
from kit import client as clients
from kit.gateway import Gateway, provider
from kit.upstream import Call, Upstream

MEBIBYTE = 1 << 20
LAG_MAX_US = 100_000
MEMORY_MAX = 512 * MEBIBYTE
# Memory above the limit: two of the largest bodies with what is made of them, and what the allocator keeps.
SLACK = 128 * MEBIBYTE
TOKENS_MAX = 100
WORKERS = 16
ACT_LIMIT = 25
HONEST_KEYS = [f"key-of-an-honest-caller-{number}" for number in range(6)]
HOSTILE_KEYS = [f"key-of-a-hostile-caller-{number}" for number in range(3)]
WATCH_KEY = "key-of-the-operator"
SERVER = {
    "memory_bytes_max": MEMORY_MAX, "json_body_bytes_max": 32 * MEBIBYTE, "request_bodies_bytes_max": 256 * MEBIBYTE,
    "clients_max": 1000, "clients_per_address_max": 300, "header_timeout_secs": 5, "body_timeout_secs": 5,
    "client_read_timeout_secs": 5, "idle_timeout_secs": 10, "upstream_first_event_timeout_secs": 15,
    "upstream_stall_timeout_secs": 5, "upstream_total_timeout_secs": 15, "upstream_send_timeout_secs": 5,
    "upstream_connect_timeout_secs": 5, "commit_after_secs": 2, "models_cache_secs": 1, "models_refresh_secs": 20,
    "health_check_interval_secs": 10,
}  # fmt: skip
# As operators have it: breakers, retries, and a queue.
SECTIONS = {"breaker": {}, "retry": {}, "queue": {}, "auth": {"tokens": [*HONEST_KEYS, *HOSTILE_KEYS, WATCH_KEY]}}
# The largest value of a provider's own fields.
LIMITS = {
    "evil-openai": {"max_tokens": TOKENS_MAX, "max_completion_tokens": TOKENS_MAX, "n": 8},
    "evil-anthropic": {"max_tokens": TOKENS_MAX},
    "evil-gemini": {"maxOutputTokens": TOKENS_MAX, "candidateCount": 8},
    "evil-ollama": {"num_predict": TOKENS_MAX},
}


class Providers(Upstream):
    """The providers of both kinds. What reaches them must be JSON, within the token limit."""

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.served, self.running = collections.Counter(), collections.Counter()
        self.violations = collections.Counter()

    async def _answer(self, sock, head, body, name):
        call = self._last = Call(sock, head, b"", "-", name)
        call.name, call.port, call.dialect = name, self.ports[name], name.partition("-")[2]
        call.is_list = head.startswith(b"GET")
        call.stream = b'"stream":true' in body.replace(b" ", b"") or b":streamGenerateContent" in head
        if not call.is_list:
            self.check(name, body)
        if name == "shared-openai":
            return await self._play(call, honest.shared_answer(call, body))
        if name.startswith("honest-"):
            return await self._play(call, honest.answer(call))
        kind = "model_list" if call.is_list else self.chance.choice(list(answers.ANSWERS))
        steps = (answers.model_list if call.is_list else answers.ANSWERS[kind])(call, self.chance)
        label = f"{kind} of {name}{', stream' if call.stream else ''}"
        self.served[kind] += 1
        self.running[label] += 1
        try:
            async with asyncio.timeout(ACT_LIMIT):
                return await self._play(call, steps)
        except TimeoutError:
            return False
        finally:
            self.running[label] -= 1

    def check(self, name, body):
        """Note what a provider should not have received."""
        if len(body) > MEBIBYTE // 4:
            return
        pairs = []
        try:
            json.loads(body, object_pairs_hook=lambda found: pairs.extend(found) or dict(found))
        except (ValueError, RecursionError) as error:
            self.violations[f"{name} received no JSON: {error} in {body[-80:]!r}"[:200]] += 1
        limits = LIMITS.get(name, {})
        for key, value in pairs:
            with contextlib.suppress(TypeError, ValueError):
                if key in limits and float(value) > limits[key]:
                    self.violations[f"{name} received {key} {value!r}"[:100]] += 1


class HostileSoak:
    """One gateway between them, and what is measured of it."""

    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        wanted = options.only or CALLERS
        # Chats bring the answers of hostile providers, so they are as many as all others together.
        others = [name for name in wanted if name not in options.without]
        self.acts = others + ["chats"] * (len(others) if "chats" in others else 0)
        self.ran, self.running, self.seen = collections.Counter(), collections.Counter(), collections.Counter()
        self.lag, self.lag_rises = 0, []
        self.peak = 0
        self.verdicts = []

    async def run(self):
        with tempfile.TemporaryDirectory(prefix="hoosh-hostile-") as folder:
            self.program, self.folder = os.path.realpath(self.options.program), folder
            self.providers = Providers(self.chance)
            names = [
                *("evil-" + dialect for dialect in shapes.DIALECTS),
                "honest-openai",
                "honest-anthropic",
                "shared-openai",
            ]
            for name in names:
                self.providers.listen(name)
            self.gateway = Gateway(self, SERVER, [self.provider(name) for name in names], SECTIONS)
            try:
                await self.gateway.start()
                return await self.soak()
            finally:
                self.gateway.kill()
                self.providers.close()

    def provider(self, name):
        who, _, dialect = name.partition("-")
        url = f"http://127.0.0.1:{self.providers.ports[name]}"
        if who == "evil":
            return provider(name, url, [name], dialect=dialect, max_tokens_limit=TOKENS_MAX)
        if who == "shared":
            return provider(name, url, ["shared"], dialect=dialect, max_concurrent=8)
        return provider(name, url, [name], dialect=dialect)

    async def soak(self):
        self.honest = honest.Honest(self.gateway.port, HONEST_KEYS, self.chance)
        await self.warm()
        before = await self.quiet()
        print(f"{'at first':>8}  {self.line()}  descriptors {before}", flush=True)
        began = time.monotonic()
        tasks = [*self.honest.start(), asyncio.create_task(self.watch())]
        tasks += [asyncio.create_task(self.work()) for _ in range(WORKERS)]
        report = 60 if self.options.seconds > 120 else 10
        while (left := began + self.options.seconds - time.monotonic()) > 0 and self.gateway.alive:
            await asyncio.sleep(min(report, left))
            print(f"{time.monotonic() - began:6.0f} s  {self.line()}", flush=True)
        self.honest.is_over = True
        for task in tasks[len(HONEST_KEYS) :]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        clients.close_all()
        return await self.verdict(before)

    async def warm(self):
        """Use what keeps descriptors once: the drivers, the reloads, the connections to providers."""
        for path in ("/v1/hardware", "/v1/models", "/v1/hardware/models"):
            await self.get(path)
        for dialect in honest.DIALECTS:
            for model in honest.MODELS:
                await self.honest._ask(WATCH_KEY, dialect, model, True)

    async def get(self, path):
        client = await clients.Client.open(self.gateway.port)
        try:
            await client.send(
                f"GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {WATCH_KEY}\r\n\r\n".encode()
            )
            return await client.response(20)
        finally:
            client.close()

    async def work(self):
        """Run one act after another."""
        while True:
            name = self.chance.choice(self.acts)
            field = Field(self.gateway.port, HOSTILE_KEYS, self.chance, self.seen)
            self.ran[name] += 1
            self.running[name] += 1
            try:
                async with asyncio.timeout(ACT_LIMIT):
                    await CALLERS[name](field)
            except (AssertionError, OSError, TimeoutError, ValueError, IndexError):
                # A hostile caller may be cut off at any time.
                self.seen["cut off"] += 1
            finally:
                self.running[name] -= 1
                field.close()
            await asyncio.sleep(0.05)

    async def watch(self):
        """Note the peak of memory, and what ran when the loop stood for longer than ever."""
        while True:
            under_way = self.under_way()
            try:
                self.peak = max(self.peak, self.gateway.rss())
                response = await self.get("/v1/status")
                lag = response.json["loop"]["lag_us"]["max"] if response.status == 200 else 0
                if lag > self.lag:
                    if lag > LAG_MAX_US:
                        self.lag_rises.append((lag, under_way))
                    self.lag = lag
            except (AssertionError, OSError, ValueError, KeyError):
                pass
            await asyncio.sleep(0.2)

    def under_way(self):
        names = [name for counts in (self.running, self.providers.running) for name, count in counts.items() if count]
        return ", ".join(names)

    def line(self):
        good, bad = self.honest.good, self.honest.failures.total()
        memory = self.gateway.rss() / MEBIBYTE if self.gateway.alive else 0
        return (
            f"memory {memory:6.1f} MiB, peak {self.peak / MEBIBYTE:6.1f}"
            f"  honest {good} good {bad} failed, slowest {self.honest.slowest:.1f} s"
            f"  lag max {self.lag / 1000:.1f} ms"
            f"  acts {self.ran.total()}  hostile answers {self.providers.served.total()}"
            + "".join(f"\n            {count} {name}" for name, count in self.honest.failures.most_common(5))
        )

    async def quiet(self):
        """Wait until nothing runs, and return the descriptors apart from connection pools, or None."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            await asyncio.sleep(0.5)
            with contextlib.suppress(AssertionError, OSError, ValueError, KeyError):
                status = (await self.get("/v1/status")).json
                if status["transfers"]["open"] == 0 and status["clients"]["open"] <= 1:
                    # The connection of the status request closes too; each multi handle has a wake-up pair.
                    await asyncio.sleep(0.5)
                    pools = status["descriptors"]["upstreams"] + 2 * status["transfers"]["multis"]
                    self.lag = max(self.lag, status["loop"]["lag_us"]["max"])
                    return self.gateway.descriptors() - pools
        return None

    async def verdict(self, before):
        alive = self.gateway.alive
        after = await self.quiet() if alive else None
        self.table()
        failed = self.honest.failures.total()
        self.say(alive, "the process is alive", f"under way: {self.under_way()}\n{self.gateway.said()[-800:]}")
        self.say(self.honest.good and not failed, f"honest requests: {self.honest.good} good, {failed} failed")
        self.say(self.lag <= LAG_MAX_US, f"the loop's lag: at most {self.lag / 1000:.1f} ms of {LAG_MAX_US // 1000}")
        limit = f"{MEMORY_MAX // MEBIBYTE} MiB and {SLACK // MEBIBYTE} of slack"
        self.say(self.peak <= MEMORY_MAX + SLACK, f"memory: at most {self.peak / MEBIBYTE:.1f} MiB of {limit}")
        self.say(after == before, f"descriptors in quiet moments, pools aside: {before} at first, {after} at the end")
        self.say(not self.providers.violations, "what reaches providers is JSON, within their token limit")
        self.say(not self.seen["a foreign page was answered"], "no page of another site is answered")
        if alive:
            try:
                await self.gateway.stop(40)
                self.say(True, "it exits with 0")
            except AssertionError as error:
                self.say(False, "it exits with 0", str(error))
        passed = sum(self.verdicts)
        print(f"{passed} passed, {len(self.verdicts) - passed} failed")
        return passed == len(self.verdicts)

    def say(self, holds, text, otherwise=""):
        self.verdicts.append(bool(holds))
        print(("ok      " if holds else "FAILED  ") + text + ("" if holds or not otherwise else ": " + otherwise))

    def table(self):
        """Print what was done, and what went wrong."""
        for title, counts in (
            ("hostile callers", self.ran),
            ("responses to them", self.seen),
            ("hostile answers", self.providers.served),
            ("honest requests that failed", self.honest.failures),
            ("received by a provider", self.providers.violations),
        ):
            print(f"{title}:")
            for name, count in counts.most_common(30):
                print(f"  {count:8}  {name}")
        for lag, names in self.lag_rises[-8:]:
            print(f"the loop stood for {lag / 1000:.0f} ms, under way: {names}")


def main():
    parser = argparse.ArgumentParser(prog="tools/soak --hostile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="ACT", choices=list(CALLERS), help="acts of hostile callers")
    parser.add_argument(
        "--without", nargs="+", metavar="ACT", default=[], choices=list(CALLERS), help="acts to leave out"
    )
    options = parser.parse_args()
    options.program = os.environ["HOOSH"]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 0 if asyncio.run(HostileSoak(options).run()) else 1


if __name__ == "__main__":
    sys.exit(main())
