"""How others fare while a fault is on: a paced client in a process of its own."""

import asyncio
import json
import pathlib
import sys

from kit.checks import expect

PROGRAM = pathlib.Path(__file__).parent.parent / "pace.py"
# A request to the demo within the gateway: nothing but the gateway is measured.
MODEL = "demo-tokens4-rate0-first0"
# Below this the machine's own noise is larger than any difference.
FLOOR_MS = 3.0


async def pace(w, gateway, seconds=2.0, rate=200):
    """Asks for `seconds`; gives p50, p99 and max in milliseconds, and how many failed."""
    process = await w.process(
        sys.executable,
        "-B",
        str(PROGRAM),
        str(gateway.port),
        str(seconds),
        str(rate),
        MODEL,
        stdout=asyncio.subprocess.PIPE,
    )
    text, _ = await process.communicate()
    return json.loads(text)


async def undisturbed(w, gateway, calm, seconds=2.0, tries=3):
    """Others' p99 is at most twice what it was, at one of a few tries: the machine is shared."""
    for left in reversed(range(tries)):
        now = await pace(w, gateway, seconds)
        expect(now["failed"] == 0, f"{now['failed']} requests of others failed")
        if now["p99"] <= 2 * max(calm["p99"], FLOOR_MS):
            return now
        expect(left, f"others' p99 is {now['p99']:.1f} ms, it was {calm['p99']:.1f}")
