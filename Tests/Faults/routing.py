"""U18, U19, U25, K1, K3: several providers and keys, and a configuration that changes under load."""

import asyncio
import os
import signal
import time

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.gateway import provider
from kit.table import BOTH, ONCE, fault
from kit.upstream import DONE, FINISH, KEEP, STREAM, TEXT, good, reply, token

LIMITED = b'{"error":{"message":"slow down","type":"rate_limit_error"}}'
FAILED = b'{"error":{"message":"out of order"}}'
RELOAD = b"POST /v1/admin/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


def two(w, **more):
    """Return two ports for one model, in order."""
    for name in ("first", "second"):
        if name not in w.upstream.ports:
            w.upstream.listen(name)
    return [
        provider(name, w.url(name), models=["two*"], priority=index, **more)
        for index, name in enumerate(("first", "second"))
    ] + w.providers()


def by_port(w, model, **steps):
    """Set the steps of each port for the model, or a function of the call."""

    def play(call):
        own = steps[call.listener]
        return own(call) if callable(own) else own

    return w.upstream.script(model, play)


def asked(w, model, port):
    return sum(call.listener == port for call in w.upstream.calls[model])


def limit(wait):
    return [reply(LIMITED, 429, "application/json", *([f"retry-after: {wait}"] if wait is not None else []))]


@fault("U18", "rate limits with each kind of wait: failover, and a cooldown of the first provider", quick=True)
async def limited(w, v):
    stream = v == "stream"
    waits = (7, "Fri, 31 Dec 2100 23:59:59 GMT", 10**18, "nonsense", None)
    for wait in waits:
        async with w.own(providers=two(w), settles=False) as gateway:
            model = by_port(w, "two-limit", first=limit(wait), second=[good(stream)])
            for _ in range(4):
                expect_good(await gateway.ask(model, stream))
            expect(asked(w, model, "first") == 1, f"{wait}: received {asked(w, model, 'first')} times")
            # Both are rate limited now: an immediate error with a plausible wait.
            by_port(w, "two-limit", first=limit(wait), second=limit(wait))
            await gateway.ask(model, stream)
            response = await gateway.ask(model, stream)
            expect_error(response, 429, "upstream_rate_limited")
            expect(1 <= int(response.fields["retry-after"]) <= 3600, f"a wait of {response.fields['retry-after']}")
            within(response.ms, 0, 200)


@fault("U18-keys", "a rate limit of one key: the other key is used, and the provider stays healthy", quick=True)
async def limited_key(w, v):
    stream = v == "stream"
    keys = ["key-number-one", "key-number-two"]
    async with w.own(providers=two(w, api_keys=keys)) as gateway:

        def play(call):
            return limit(60) if b"key-number-one" in call.head else [good(stream)]

        model = by_port(w, "two-keys", first=play, second=[good(stream)])
        for _ in range(6):
            expect_good(await gateway.ask(model, stream))
        expect(asked(w, model, "second") == 0, "failed over although a key was available")
        ones = sum(b"key-number-one" in call.head for call in w.upstream.calls[model])
        expect(ones == 1, f"the limited key was used {ones} times")


@fault("U19", "a burst of errors: the circuit breaker opens, then one trial request at a time, then it closes", quick=True)
async def burst(w, v):
    stream = v == "stream"
    breaker = {"breaker": {"consecutive_failures_max": 5, "open_secs": 0.5}}
    async with w.own(providers=two(w), sections=breaker) as gateway:
        state = {"broken": True}

        def play(_):
            return [reply(FAILED, 503)] if state["broken"] else [good(stream)]

        model = by_port(w, "two-burst", first=play, second=[good(stream)])
        for _ in range(30):
            expect_good(await gateway.ask(model, stream))
        expect(asked(w, model, "first") == 5, f"received {asked(w, model, 'first')} requests before the circuit breaker opened")
        await asyncio.sleep(0.6)
        responses = await asyncio.gather(*(gateway.ask(model, stream) for _ in range(20)))
        for response in responses:
            expect_good(response)
        expect(asked(w, model, "first") == 6, f"{asked(w, model, 'first') - 5} trials, not one")
        state["broken"] = False
        end = time.monotonic() + 5
        while asked(w, model, "first") < 10:
            expect(time.monotonic() < end, "the recovery was not noticed")
            expect_good(await gateway.ask(model, stream))
            await asyncio.sleep(0.05)


@fault("U19-budget", "retries at a failing provider are at most a tenth of its requests", quick=("whole",))
async def budget(w, v):
    stream = v == "stream"
    retry = {"retry": {"max_retries": 1, "base_delay_ms": 20}}
    async with w.own(sections=retry) as gateway:
        model = w.upstream.script("evil-u19", reply(FAILED, 500))
        responses = await asyncio.gather(*(gateway.ask(model, stream) for _ in range(100)))
        for response in responses:
            expect_error(response, 502, "upstream_failed")
        calls = len(w.upstream.calls[model])
        expect(100 < calls <= 111, f"{calls} calls for 100 requests")


@fault("U25-two", "two unhealthy providers: after a few requests, a hundred receive an immediate error with a wait", quick=True)
async def both_down(w, v):
    stream = v == "stream"
    w.upstream.reserve("refused")
    providers = [
        provider(name, w.url("refused"), models=["two*"], priority=index)
        for index, name in enumerate(("first", "second"))
    ] + w.providers()
    async with w.own(providers=providers, sections={"breaker": {"consecutive_failures_max": 3}}) as gateway:
        for _ in range(3):
            expect_error(await gateway.ask("two-down", stream), 502, "upstream_unreachable")
        began = time.monotonic()
        responses = await asyncio.gather(*(gateway.ask("two-down", stream) for _ in range(100)))
        for response in responses:
            expect_error(response, 503, "no_provider")
        within((time.monotonic() - began) * 1000, 0, 1000, "a hundred refusals")
        status = (await gateway.fetch("/v1/queue/status")).json
        expect(status["queued"] == 0, "requests wait without a provider")


@fault("U18-queue", "a provider with a concurrency limit of two: a hundred requests are all served in order", quick=True)
async def in_turn(w, v):
    stream = v == "stream"
    providers = [provider("first", w.url("evil"), models=["two*"], max_concurrent=2)] + w.providers()
    async with w.own({"upstream_total_timeout_secs": 8}, providers=providers) as gateway:
        running = {"now": 0, "most": 0}

        async def play(call):
            running["now"] += 1
            running["most"] = max(running["most"], running["now"])
            await asyncio.sleep(0.01)
            running["now"] -= 1

        model = w.upstream.script("two-turns", play, good(stream))
        responses = await asyncio.gather(*(gateway.ask(model, stream) for _ in range(100)))
        for response in responses:
            expect_good(response)
        expect(running["most"] <= 2, f"{running['most']} concurrent")


@fault("K1", "invalid configurations: each is rejected with its reason, and the old one stays in use", ONCE, quick=True)
async def broken_configurations(w, _):
    async with w.own() as gateway:
        with open(gateway.config) as file:
            text = file.read()
        path = gateway.config

        def put(content):
            with open(path, "w") as file:
                file.write(content)

        def link_to_itself():
            os.remove(path)
            os.symlink(path, path)

        def huge():
            with open(path, "w") as file:
                file.write("# \n" * 10)
                file.truncate(100 * 1024 * 1024)

        cases = {
            "broken": lambda: put("[server\n"),
            "half": lambda: put(text[: len(text) // 2]),
            "a wrong value": lambda: put(text.replace('"good"', '"nobody"', 1) + "\n[server]\n"),
            "the same key twice": lambda: put("[server]\nport = 1\nport = 2\n"),
            "an unknown key": lambda: put("[server]\nprot = 1\n"),
            "huge": huge,
            "gone": lambda: os.remove(path),
            "a folder": lambda: (os.path.exists(path) and os.remove(path), os.mkdir(path)),
        }
        for name, prepare in cases.items():
            prepare()
            client = await gateway.client()
            await client.send(RELOAD)
            response = await client.response(5)
            client.close()
            expect_error(response, 400, "invalid_value")
            expect("stays in use" in response.json["error"]["message"], f"{name}: {response}")
            expect_good(await gateway.ask("good", True))
        os.rmdir(path)
        put("")
        link_to_itself()
        os.kill(gateway.pid, signal.SIGHUP)
        await asyncio.sleep(0.1)
        expect_good(await gateway.ask("good", False))
        os.remove(path)
        put(text)
        client = await gateway.client()
        await client.send(RELOAD)
        expect((await client.response(5)).json == {"status": "reloaded"}, "the valid configuration is rejected")
        client.close()


@fault("K3", "a thousand reloads under load: no stream fails, and nothing leaks", ONCE, quick=True, limit=60)
async def reloads(w, _):
    providers = two(w)
    async with w.own({"upstream_stall_timeout_secs": 10}, providers=providers) as gateway:
        over = {"yes": False}

        async def slowly(call):
            await call.send(STREAM)
            for word in ("one ", "two ", "three ", "four "):
                await call.send(token(word))
                await asyncio.sleep(0.3)
            await call.send(FINISH + DONE)

        model = w.upstream.script("two-slow", slowly, KEEP)

        async def streams():
            count = 0
            while not over["yes"]:
                for response in await asyncio.gather(*(gateway.ask(model, True) for _ in range(20))):
                    expect_good(response)
                    count += 1
            return count

        async def quick():
            count = 0
            while not over["yes"]:
                expect_good(await gateway.ask("good", count % 2 == 0))
                count += 1
            return count

        load = [w.spawn(streams()), w.spawn(quick())]
        client = await gateway.client()
        for number in range(1000):
            # Every other configuration has one provider less, with the other two in reverse order.
            changed = [dict(each) for each in providers]
            if number % 2:
                changed[0]["priority"], changed[1]["priority"] = 1, 0
                changed.pop(2)
            gateway.write(changed)
            await client.send(RELOAD)
            response = await client.response(5)
            expect(response.json == {"status": "reloaded"}, f"reload {number}: {response}")
        client.close()
        over["yes"] = True
        slow, fast = await asyncio.gather(*load)
        expect(slow >= 20 and fast >= 100, f"only {slow} streams and {fast} requests during the reloads")
        gateway.write(providers)
