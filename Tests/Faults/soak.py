"""Mixed load and faults for a long time: memory and descriptors must not grow. See docs/faults.md."""

import argparse
import asyncio
import contextlib
import importlib
import os
import random
import resource
import sys
import tempfile
import time

from kit.gateway import Gateway, provider
from kit.table import TABLE, Skip
from kit.world import World

# The faults that share a gateway, so that they can run against a busy one.
FAMILIES = ("connecting", "answers", "uploads", "leaving")
SLOPE_MAX = 1 << 20  # bytes per hour, after the first quarter


class Soak:
    """A run: background load, one fault after another, and checks of the process in quiet moments."""

    def __init__(self, options):
        self.options = options
        self.samples = []
        self.counts = {"survived": 0, "failed": 0, "skipped": 0}
        self.last_reasons = []
        # Continues from round to round, so that rounds differ.
        self.chance = random.Random(options.seed)

    async def load(self, world, mock):
        """Run the load client with its own mock through the gateway, in rounds, until cancelled."""
        port = str(world.gateway.port)
        rate = ["run", "rate", "--port", port, "--rate", "150", "--connections", "16", "--seconds", "15"]
        streams = ["run", "sse", "--port", port, "--connections", "40", "--chunks", "200", "--seconds", "15"]
        while True:
            running = [
                await asyncio.create_subprocess_exec(self.options.load, *each, stdout=asyncio.subprocess.DEVNULL)
                for each in (rate, streams)
            ]
            try:
                for each in running:
                    await each.wait()
            finally:
                for each in running:
                    with contextlib.suppress(ProcessLookupError):
                        each.kill()

    async def faults(self, world):
        # C4 waits until no transfer connects, which never happens under load.
        rows = [(fault, variant) for fault in TABLE if fault.name != "C4" for variant in fault.quick]
        while True:
            fault, variant = self.chance.choice(rows)
            world.now_running = f"{fault.name} {variant}"
            try:
                async with asyncio.timeout(fault.limit):
                    await fault.function(world, variant)
                self.counts["survived"] += 1
            except Skip:
                self.counts["skipped"] += 1
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001
                # Under load a row may miss its deadline. Only leaks count here.
                self.counts["failed"] += 1
                self.last_reasons = [*self.last_reasons[-9:], f"{fault.name} {variant}: {error}"]
            await world.clean()
            await asyncio.sleep(0.2)

    async def look(self, world, began):
        """Check the process while nothing runs."""
        await world.clean()
        await asyncio.sleep(3)
        gateway = world.gateway
        for _ in range(50):
            status = await gateway.status()
            if status["transfers"]["open"] == 0 and status["clients"]["open"] <= 1:
                break
            await asyncio.sleep(0.2)
        # The connection of the status request has closed too, and each multi handle has a wake-up pair of descriptors.
        await asyncio.sleep(0.5)
        rest = gateway.descriptors() - status["descriptors"]["upstreams"] - 2 * status["transfers"]["multis"]
        self.samples.append((time.monotonic() - began, gateway.rss(), rest, status))
        lag = status["loop"]["lag_us"]
        print(
            f"{time.monotonic() - began:7.0f} s  memory {gateway.rss() / 1048576:6.2f} MiB  descriptors {rest}"
            f" + {status['descriptors']['upstreams']} upstream  transfers {status['transfers']['started']}"
            f"  lag p99 {lag['p99']} max {lag['max']} µs  faults {self.counts}",
            flush=True,
        )

    def slope(self):
        """Return bytes per hour, by least squares over the samples after the first quarter."""
        end = self.samples[-1][0]
        points = [(t / 3600, rss) for t, rss, _, _ in self.samples if t >= end / 4]
        mean_t = sum(t for t, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        spread = sum((t - mean_t) ** 2 for t, _ in points)
        return sum((t - mean_t) * (y - mean_y) for t, y in points) / spread if spread else 0

    async def run(self):
        with tempfile.TemporaryDirectory(prefix="hoosh-soak-") as folder:
            world = World(os.path.realpath(self.options.program), folder)
            mock = await asyncio.create_subprocess_exec(
                self.options.load, "mock", "--port", "0", stdout=asyncio.subprocess.PIPE
            )
            port = int((await mock.stdout.readline()).decode().strip().rpartition(":")[2])
            usual = world.providers
            world.providers = lambda: [
                *usual(),
                provider("load", f"http://127.0.0.1:{port}/v1", models=["mock"], priority=90),
            ]
            try:
                await world.open()
                return await self.rounds(world, mock)
            finally:
                mock.kill()
                with contextlib.suppress(Exception):
                    await world.close()

    async def rounds(self, world, mock):
        began = time.monotonic()
        await self.look(world, began)
        while time.monotonic() - began < self.options.seconds:
            busy = [asyncio.create_task(self.load(world, mock)), asyncio.create_task(self.faults(world))]
            await asyncio.sleep(min(self.options.round, self.options.seconds))
            for each in busy:
                each.cancel()
            await asyncio.gather(*busy, return_exceptions=True)
            if not world.gateway.alive:
                print(f"hoosh died: {world.gateway.said()[-600:]}")
                print("0 passed, 1 failed")
                return False
            await self.look(world, began)
        return self.verdict()

    def verdict(self):
        for reason in self.last_reasons:
            print("  " + reason[:160])
        slope = self.slope()
        descriptors = {rest for _, _, rest, _ in self.samples}
        lag = self.samples[-1][3]["loop"]["lag_us"]
        verdicts = [
            (f"memory grows {slope / 1048576:.3f} MiB an hour after the first quarter", slope < SLOPE_MAX),
            (f"descriptors in quiet moments, pools aside: {sorted(descriptors)}", len(descriptors) == 1),
            (f"the loop's lag: p99 {lag['p99']} µs, worst {lag['max']} µs", lag["max"] <= Gateway.lag_max_us),
        ]
        for text, holds in verdicts:
            print(("ok      " if holds else "FAILED  ") + text)
        passed = sum(holds for _, holds in verdicts)
        print(f"{passed} passed, {len(verdicts) - passed} failed")
        return passed == len(verdicts)


def main():
    parser = argparse.ArgumentParser(prog="tools/soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--round", type=float, default=110, help="seconds of load between two checks")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.program = os.environ["HOOSH"]
    options.load = os.environ["LOAD"]
    for family in FAMILIES:
        importlib.import_module(family)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 0 if asyncio.run(Soak(options).run()) else 1


if __name__ == "__main__":
    sys.exit(main())
