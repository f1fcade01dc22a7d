"""U3 to U5: host names that do not exist, name servers that fail or do not respond, names with internal addresses."""

import asyncio
import time

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.gateway import provider
from kit.names import NXDOMAIN, SERVFAIL, name_server
from kit.pace import pace
from kit.table import ONCE, fault

INWARDS = {
    "in1": "127.0.0.1",
    "in2": "169.254.169.254",
    "in3": "10.0.0.1",
    "in4": "::1",
    "in5": "::ffff:127.0.0.1",
    "in6": "0.0.0.0",
    "in7": "64:ff9b::7f00:1",
    "in8": "100.64.0.1",
}


def named(w, **more):
    """Return providers with a host name, followed by the usual ones."""
    port = w.upstream.ports["evil"]
    names = ("here", "gone", "sick", "mute2", *INWARDS)
    named = [provider(name, f"http://{name}.faults.test:{port}/v1", **more) for name in names]
    return [*named, *w.providers()]


@fault(
    "U3",
    "a name that does not exist, and a name server that fails: 502, and later the name is asked again",
    quick=("whole",),
)
async def no_such_name(w, v):
    stream = v == "stream"
    names, wrap = await name_server(w)
    names.table |= {"here.faults.test": "127.0.0.1", "gone.faults.test": NXDOMAIN, "sick.faults.test": SERVFAIL}
    async with w.own(providers=named(w), wrap=wrap) as gateway:
        expect_good(await gateway.ask("here-1", stream))
        for name in ("gone", "sick"):
            expect_error(await gateway.ask(f"{name}-1", stream), 502, "upstream_unreachable")
            expect_good(await gateway.ask(f"over-{name}-1", stream))
        # The name exists now: a failure is not cached for long.
        names.table["gone.faults.test"] = "127.0.0.1"
        end = time.monotonic() + 6
        while (response := await gateway.ask("gone-1", stream)).status != 200:
            expect(time.monotonic() < end, "a name that exists now is not looked up again")
            await asyncio.sleep(0.3)
        expect_good(response)


@fault("U4", "a name server that does not respond: 504 at the deadline, and the loop continues", quick=True, limit=30)
async def dead_server(w, v):
    stream = v == "stream"
    names, wrap = await name_server(w)
    names.table |= {"mute2.faults.test": None, "here.faults.test": "127.0.0.1"}
    async with w.own(providers=named(w), wrap=wrap, settles=False) as gateway:
        await gateway.warm()
        await gateway.ask("here-1", stream)
        response = await gateway.ask("mute2-1", stream)
        if response.status == 200:
            expect_event(response, ("upstream_timeout", "upstream_unreachable"), "")
        else:
            expect_error(response, 504, "upstream_timeout")
        within(response.ms, 450, 1400)
        expect_good(await gateway.ask("over-mute2-1", stream))
        await no_stall(gateway)


async def no_stall(gateway):
    status = await gateway.status()
    gateway.note_lag(status)
    lag = status["loop"]["lag_us"]["max"]
    # A name server that is down may block the loop for less than the general limit.
    expect(lag <= gateway.lag_max_us / 2, f"the loop stood still for {lag / 1000:.1f} ms")
    expect(not status["transfers"]["open"], "a transfer is left")


@fault(
    "U4-leave",
    "clients leave while a dead name server is asked: no stall, nothing left, others undisturbed",
    quick=("stream",),
    limit=40,
)
async def leave_while_resolving(w, v):
    stream = v == "stream"
    names, wrap = await name_server(w)
    names.table |= {"mute2.faults.test": None, "here.faults.test": "127.0.0.1"}
    async with w.own({"upstream_connect_timeout_secs": 5}, providers=named(w), wrap=wrap, settles=False) as gateway:
        await gateway.warm()
        others = w.spawn(pace(w, gateway, 1.5, 100))
        await asyncio.sleep(0.3)
        for how in ("fin", "rst"):
            clients = [await gateway.begin("mute2-1", stream) for _ in range(50)]
            await asyncio.sleep(0.2)
            for client in clients:
                client.close(how)
        figures = await others
        expect(figures["failed"] == 0, "others' requests failed")
        # Another name is still found, although all lookup threads may be busy with the failed one.
        response = await gateway.ask("here-1", stream)
        if response.status != 200:
            expect_error(response, 504, "upstream_timeout")
        await asyncio.sleep(0.3)
        await no_stall(gateway)
        # The system's lookups release their descriptors when they time out.
        end = time.monotonic() + 15
        while gateway.descriptors() > gateway.base_descriptors:
            expect(time.monotonic() < end, f"{gateway.descriptors()} descriptors, {gateway.base_descriptors} at first")
            await asyncio.sleep(0.2)


@fault("U5", "a public provider's name resolves to this machine: no connection is made", quick=True)
async def points_inwards(w, v):
    names, wrap = await name_server(w)
    async with w.own(providers=named(w, addresses="public"), wrap=wrap) as gateway:
        for name, address in INWARDS.items():
            names.table[f"{name}.faults.test"] = address
            before = w.upstream.accepted["evil"]
            response = await gateway.ask(f"{name}-1", v == "stream")
            expect_error(response, 502, "upstream_unreachable")
            expect(w.upstream.accepted["evil"] == before, f"{address} was connected to")


@fault("U5-pin", "a changed address of a name is used only after its TTL", ONCE)
async def changes(w, _):
    names, wrap = await name_server(w)
    names.table["here.faults.test"] = "127.0.0.1"
    async with w.own({"dns_cache_secs": 2}, providers=named(w), wrap=wrap) as gateway:
        expect_good(await gateway.ask("here-1", True))
        names.table["here.faults.test"] = "127.0.0.9"
        for _ in range(5):
            expect_good(await gateway.ask("here-1", True))
        asked = len(names.asked)
        await asyncio.sleep(2.1)
        # The first request after that may still use the old address while the name is looked up again.
        await gateway.ask("here-1", True)
        await asyncio.sleep(0.3)
        expect((await gateway.ask("here-1", True)).status == 502, "the old address is used after its TTL")
        expect(len(names.asked) > asked, "the name was not looked up again")
