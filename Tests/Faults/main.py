"""Run the faults against a real hoosh and report which it survives; see docs/faults.md."""

import argparse
import asyncio
import importlib
import os
import pathlib
import resource
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from kit.gateway import Gateway  # noqa: E402
from kit.table import TABLE, Skip  # noqa: E402
from kit.world import World  # noqa: E402

# In the order in which they run.
FAMILIES = (
    "connecting",
    "answers",
    "uploads",
    "limits",
    "times",
    "leaving",
    "reading",
    "names",
    "tls",
    "ending",
    "machine",
    "calls",
    "routing",
    "second",
    "http2",
)


class Tally:
    """Counts results and prints the lines."""

    def __init__(self):
        self.survived = self.failed = self.skipped = self.again = 0
        self.rows = []

    def row(self, name, variant, verdict, milliseconds, title, reason=""):
        print(f"{name:<14} {variant:<8} {verdict:<9} {milliseconds:6.0f} ms  {title}", flush=True)
        if reason:
            print(f"{'':<24}{reason}", flush=True)


async def attempt(world, fault, variant, verbose):
    """Run a fault and check the baseline. Return the error, or None."""
    reason = None
    try:
        async with asyncio.timeout(fault.limit):
            await fault.function(world, variant)
    except TimeoutError:
        reason = f"not over after {fault.limit} s"
        if verbose:
            traceback.print_exc()
    except BaseExceptionGroup as group:
        reason = "; ".join(f"{type(each).__name__}: {each}" for each in group.exceptions)[:400]
    except Skip:
        await world.clean()
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        if verbose:
            traceback.print_exc()
    await world.clean()
    try:
        async with asyncio.timeout(10):
            await world.settled()
    except (AssertionError, OSError, TimeoutError) as error:
        reason = f"{reason}; then " if reason else ""
        reason += str(error) or type(error).__name__
    lag = Gateway.lags.get(world.now_running, 0)
    if lag > Gateway.lag_max_us:
        reason = f"{reason}; then " if reason else ""
        reason += f"the loop's lag was {lag / 1000:.1f} ms, {Gateway.lag_max_us // 1000} are allowed"
    return reason


async def run_one(world, fault, variant, tally, options):
    """Run one variant of a row until it survives or no tries are left: a defect persists, noise of other guests
    does not. A later success reports the earlier errors."""
    before = []
    for _ in range(options.tries):
        world.now_running = f"{fault.name} {variant}"
        Gateway.lags.pop(world.now_running, None)
        began = time.monotonic()
        try:
            reason = await attempt(world, fault, variant, options.verbose)
        except Skip as skip:
            tally.skipped += 1
            tally.row(fault.name, variant, "skipped:", 0, f"{skip} ({fault.title})")
            return
        milliseconds = (time.monotonic() - began) * 1000
        if reason is None:
            tally.survived += 1
            tally.again += bool(before)
            tally.row(fault.name, variant, "survived", milliseconds, fault.title, "; before: ".join(["", *before])[2:])
            return
        await world.fresh()
        before.append(reason)
    tally.failed += 1
    tally.rows.append(f"{fault.name} {variant} failed: {before[-1]}")
    tally.row(fault.name, variant, "FAILED", milliseconds, fault.title, "; and: ".join(before))


def stolen_ms():
    """Return the time that the hypervisor gave to other guests, which every measure of lag includes."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) * 1000 / os.sysconf("SC_CLK_TCK")


async def run_all(chosen, options):
    tally = Tally()
    began = time.monotonic()
    stolen = stolen_ms()
    with tempfile.TemporaryDirectory(prefix="hoosh-faults-") as folder:
        world = World(os.path.realpath(options.program), folder)
        try:
            await world.open()
            for fault, variants in chosen:
                for variant in variants:
                    await run_one(world, fault, variant, tally, options)
        finally:
            try:
                await world.close()
            except Exception as error:
                tally.failed += 1
                tally.row("end", "-", "FAILED", 0, "the shared gateway ends", str(error))
    print("", *tally.rows, sep="\n")
    if Gateway.lags:
        where, lag = max(Gateway.lags.items(), key=lambda each: each[1])
        allowed = Gateway.lag_max_us // 1000
        print(f"the worst loop lag was {lag / 1000:.1f} ms, in {where}; the limit is {allowed} ms")
        print(f"the hypervisor took {stolen_ms() - stolen:.0f} ms of CPU time")
    tried = tally.survived + tally.failed
    again = f" ({tally.again} not at the first try)" if tally.again else ""
    skipped = f", skipped {tally.skipped}" if tally.skipped else ""
    print(f"tried {tried}, survived {tally.survived}{again}{skipped}, {time.monotonic() - began:.0f} s")
    print(f"{tally.survived} passed, {tally.failed} failed")
    return tally.failed == 0


def main():
    parser = argparse.ArgumentParser(prog="tools/faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="run the half that takes less than two minutes")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run these faults, by name, or by prefix and *")
    parser.add_argument("--list", action="store_true", help="list all faults")
    parser.add_argument("--tries", type=int, default=1, metavar="N", help="a row fails only if N tries fail (1)")
    parser.add_argument(
        "--lag", type=float, default=10, metavar="MS", help="the limit of the loop lag (10)"
    )
    parser.add_argument(
        "--transport", choices=("auto", "curl"), default="auto", help="the transport of the providers (auto)"
    )
    parser.add_argument("--verbose", action="store_true", help="show where a fault failed")
    options = parser.parse_args()
    options.program = os.environ["HOOSH"]
    Gateway.lag_max_us = round(options.lag * 1000)
    Gateway.transport = options.transport

    for family in FAMILIES:
        importlib.import_module(family)
    chosen = [(fault, fault.quick if options.quick else fault.variants) for fault in TABLE]
    if options.only:
        names = set(options.only)
        begins = tuple(name[:-1] for name in names if name.endswith("*"))
        wanted = lambda f: f.name in names or f.family in names or (begins and f.name.startswith(begins))  # noqa: E731
        chosen = [row for row in chosen if wanted(row[0])]
    chosen = [row for row in chosen if row[1]]
    if not chosen:
        parser.error("no fault has that name; --list shows them")
    if options.list:
        for fault, variants in chosen:
            print(f"{fault.name:<14} {fault.family:<11} {','.join(variants):<13} {fault.title}")
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 0 if asyncio.run(run_all(chosen, options)) else 1


if __name__ == "__main__":
    sys.exit(main())
