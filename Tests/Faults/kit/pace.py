"""The latency of other clients during a fault, measured by a paced client in a separate process."""

import asyncio
import json
import pathlib
import sys

from kit.checks import expect

PROGRAM = pathlib.Path(__file__).parent.parent / "pace.py"
# A request to the demo provider, so that only the gateway is measured.
MODEL = "demo-tokens4-rate0-first0"
# Below this the machine's own noise is larger than any difference.
FLOOR_MS = 3.0


async def pace(w, gateway, seconds=2.0, rate=200):
    """Send requests for `seconds`. Return p50, p99, and maximum in milliseconds, and the number of failures."""
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
    """Check that the p99 of others at most doubles in one of a few tries, because the machine is shared."""
    for left in reversed(range(tries)):
        now = await pace(w, gateway, seconds)
        expect(now["failed"] == 0, f"{now['failed']} requests of others failed")
        if now["p99"] <= 2 * max(calm["p99"], FLOOR_MS):
            return now
        expect(left, f"others' p99 is {now['p99']:.1f} ms, it was {calm['p99']:.1f}")
