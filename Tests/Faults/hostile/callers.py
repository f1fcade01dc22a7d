"""What hostile callers do. Each function is one act, of a second or of several, after which its connections close."""

import asyncio
import contextlib
import json
import struct

from hostile import shapes
from hostile.answers import ENDS
from hostile.bodies import FOREIGN_PAGES, FORMS, ODD_REQUESTS, many_parts
from kit.client import Client

MEBIBYTE = 1 << 20
BODY_BYTES_MAX = 32 * MEBIBYTE
# Loopback addresses that only hostile callers use.
SOURCES = ("127.0.0.66", "127.0.0.67", "127.0.0.68")
PATIENCE = 6

CALLERS = {}


def caller(function):
    """Add an act to the table. It gets the field of hostile callers, see `Field`."""
    CALLERS[function.__name__] = function
    return function


class Field:
    """The gateway's port, the hostile keys, and chance. `seen` counts the statuses of responses."""

    def __init__(self, port, keys, chance, seen):
        self.port, self.keys, self.chance, self.seen = port, keys, chance, seen
        self.clients = []

    async def client(self, rcvbuf=None):
        client = await Client.open(self.port, source=self.chance.choice(SOURCES), rcvbuf=rcvbuf)
        self.clients.append(client)
        return client

    def head(self, method, path, length=None, fields=""):
        kind = "" if length is None else f"content-type: application/json\r\ncontent-length: {length}\r\n"
        key = self.chance.choice(self.keys)
        return (
            f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n{kind}{fields}\r\n".encode()
        )

    def post(self, path, body, fields=""):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.head("POST", path, len(body), fields) + body

    async def ask(self, data, timeout=PATIENCE, **options):
        """Send bytes on a connection of its own, and count the status of the response."""
        client = await self.client(**options)
        try:
            await client.send(data)
            response = await client.response(timeout)
            self.seen[response.status] += 1
            return response
        finally:
            client.close(self.chance.choice(("fin", "rst")))

    def target(self):
        """Return a caller's dialect and a model of a hostile provider."""
        return self.chance.choice(shapes.CALLERS), "evil-" + self.chance.choice(shapes.DIALECTS)

    def close(self):
        for client in self.clients:
            client.close(self.chance.choice(("fin", "rst")))


async def at_once(acts):
    """Run several acts at a time, whatever becomes of them."""
    await asyncio.gather(*acts, return_exceptions=True)


async def until_closed(client, seconds=PATIENCE):
    """Wait until the gateway closes the connection, without sending more."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        while await client.receive(timeout=seconds):
            pass


@caller
async def chats(field):
    """Ask hostile providers, in every dialect, with and without a stream."""

    async def one():
        dialect, model = field.target()
        path, body = shapes.asking(dialect, model, field.chance.random() < 0.6)
        await field.ask(field.post(path, body))

    await at_once(one() for _ in range(6))


@caller
async def leaves_midway(field):
    dialect, model = field.target()
    path, body = shapes.asking(dialect, model, True)
    client = await field.client()
    await client.send(field.post(path, body))
    await asyncio.sleep(field.chance.random() * 2)


@caller
async def slow_heads(field):
    async def one():
        client = await field.client()
        for byte in field.head("GET", "/v1/models", fields="x: y\r\n" * 50):
            await client.send(bytes([byte]))
            await asyncio.sleep(0.1)

    await at_once(asyncio.wait_for(one(), PATIENCE) for _ in range(20))


@caller
async def slow_bodies(field):
    async def one():
        client = await field.client()
        await client.send(field.head("POST", "/v1/chat/completions", MEBIBYTE))
        for _ in range(PATIENCE * 5):
            await client.send(b" " * 100)
            await asyncio.sleep(0.2)

    await at_once(one() for _ in range(20))


@caller
async def bodies_one_byte_short(field):
    size = field.chance.choice((1000, MEBIBYTE, BODY_BYTES_MAX, BODY_BYTES_MAX))

    async def one():
        client = await field.client()
        await client.send(field.head("POST", "/v1/messages", size) + b" " * (size - 1), timeout=PATIENCE)
        await until_closed(client)

    await at_once(one() for _ in range(4))


@caller
async def bodies_of_small_parts(field):
    await field.ask(field.post(*many_parts(field.chance.choice(list(FORMS)))), timeout=15)


@caller
async def unread_responses(field):
    """Ask for large responses many times, and read nothing."""
    path = field.chance.choice(
        ("/v1/models", "/v1/events/recent?limit=1000", "/api/tags", "/v1/hardware", "/v1beta/models")
    )

    async def one():
        client = await field.client(rcvbuf=4096)
        await client.send(field.head("GET", path) * field.chance.choice((1, 20)))
        await asyncio.sleep(PATIENCE)

    await at_once(one() for _ in range(40))


@caller
async def unread_streams(field):
    async def one():
        dialect, model = field.target()
        path, body = shapes.asking(dialect, model, True)
        client = await field.client(rcvbuf=4096)
        await client.send(field.post(path, body))
        await asyncio.sleep(PATIENCE)

    await at_once(one() for _ in range(20))


@caller
async def unread_events(field):
    async def one():
        client = await field.client(rcvbuf=4096)
        await client.send(field.head("GET", "/v1/events?limit=1000"))
        await asyncio.sleep(PATIENCE)

    await at_once(one() for _ in range(20))


@caller
async def pipelined_floods(field):
    client = await field.client()
    body = json.dumps(shapes.asking("openai", "evil-openai", False)[1])
    requests = [
        field.head("GET", "/v1/models"),
        field.head("GET", "/healthz"),
        field.post("/v1/chat/completions", body.encode()),
    ]
    with contextlib.suppress(ConnectionError, TimeoutError):
        await client.send(b"".join(field.chance.choices(requests, k=2000)), timeout=3)
        await until_closed(client, 3)


@caller
async def connections_reset(field):
    for _ in range(20):
        clients = [await field.client() for _ in range(10)]
        if field.chance.random() < 0.5:
            await at_once(each.send(b"GET /") for each in clients)
        for each in clients:
            each.close("rst")


@caller
async def odd_limits(field):
    """Ask for more tokens than the provider's limit, in a form that may not be read as a number."""
    name = {"gemini": "maxOutputTokens", "ollama": "num_predict", "responses": "max_output_tokens"}
    number = field.chance.choice(
        ("5000", '"5000"', "5e3", "5000.0", "5E+3", "50000e-1", "9223372036854775808", "1e308", "[5000]")
    )
    dialect, model = field.target()
    key = name.get(dialect, field.chance.choice(("max_tokens", "max_completion_tokens", "n")))
    path, body = shapes.asking(dialect, model, False)
    body.pop(key, None)
    inner = json.dumps(key) + ":" + number + field.chance.choice(("", f",{json.dumps(key)}:5"))
    escaped = inner.replace("m", "\\u006d", 1) if field.chance.random() < 0.2 else inner
    wrapped = {"gemini": '"generationConfig":{%s}', "ollama": '"options":{%s}'}.get(dialect, "%s") % escaped
    await field.ask(field.post(path, (json.dumps(body)[:-1] + "," + wrapped + "}").encode()))


@caller
async def broken_json(field):
    dialect, model = field.target()
    path, body = shapes.asking(dialect, model, False, "@@")
    data = json.dumps(body).encode()
    bad = field.chance.choice(
        (
            b"[" * 1_000_000,
            b'{"a":' * 500_000,
            data[:-1],
            data + data,
            b"",
            b"\0" * 1000,
            b"\xef\xbb\xbf" + data,
            data.replace(b'"@@"', b"[" * 63 + b"]" * 63),
            data.replace(b'"@@"', b'{"a":' * 70 + b"1" + b"}" * 70),
            data.replace(b"@@", b"\xff"),
            data.replace(b"@@", b"\\ud800"),
            data.replace(b"@@", b"\xed\xa0\x80"),
            data.replace(b"@@", b"\n"),
            data.replace(b'"@@"', b"1" * 2_000_000),
            data.replace(b"@@", b"\\u0000" * 100_000),
            data[:-1] + b"," + data[1:],
        )
    )
    await field.ask(field.post(path, bad))


@caller
async def huge_numbers(field):
    """Send a number at the end of its range in a numeric field of a request."""
    fields = (
        "max_tokens",
        "n",
        "seed",
        "temperature",
        "top_p",
        "top_k",
        "top_logprobs",
        "frequency_penalty",
        "presence_penalty",
        "max_completion_tokens",
        "max_output_tokens",
        "stream",
        "logit_bias",
        "keep_alive",
        "dimensions",
        "best_of",
    )
    dialect, model = field.target()
    path, body = shapes.asking(dialect, model, field.chance.random() < 0.3)
    data = json.dumps(body)[:-1]
    ends = [field.chance.choice(ENDS) for _ in range(3)]
    names = field.chance.sample(fields, 3)
    members = ",".join(f'"{name}":{end}' for name, end in zip(names, ends))
    groups = ',"options":{"num_ctx":%s,"num_predict":%s},"generationConfig":{"candidateCount":%s,"topK":%s}'
    thinking = ',"thinking":{"type":"enabled","budget_tokens":%s}' % ends[0]
    await field.ask(field.post(path, (data + "," + members + groups % (*ends, ends[0]) + thinking + "}").encode()))


@caller
async def huge_queries(field):
    end = field.chance.choice(ENDS).strip('"')
    queries = (
        f"/v1/events/recent?limit={end}",
        f"/v1/events?since={end}",
        f"/v1/events/recent?since={end}&limit=-1",
        f"/v1/route/explain/{end}",
    )
    with contextlib.suppress(AssertionError):
        await field.ask(field.head("GET", field.chance.choice(queries)), timeout=1)


@caller
async def model_headers(field):
    """Describe a model by a header whose offsets, sizes, and counts are at the ends of 64 bits."""
    number = field.chance.choice((2**63 - 1, 2**63, 2**64 - 1, 2**62, 2**31, 9 * 10**18, 0, -1))
    text = (
        b'{"t":{"dtype":"%s","shape":[%d,%d],"data_offsets":[%d,%d]},"u":{"dtype":"X","shape":[1],"data_offsets":[0,%d]}}'
        % (
            field.chance.choice((b"F16", b"F4", b"F6_E2M3", b"X", b"I64")),
            number,
            field.chance.choice((1, 2, number)),
            number // 2,
            number,
            number,
        )
    )
    size = field.chance.choice((len(text), number % 2**64, 0))
    word = struct.pack("<Q", number % 2**64)
    header = field.chance.choice(
        (
            struct.pack("<Q", size) + text,
            b"GGUF" + struct.pack("<I", field.chance.choice((1, 2, 3, 2**32 - 1))) + word + word,
            b"GGUF"
            + struct.pack("<IQQ", 3, 1, 1)
            + struct.pack("<Q", 1)
            + b"a"
            + struct.pack("<I", 9)
            + struct.pack("<I", 9)
            + word,
            b"GGUF"
            + struct.pack("<IQQ", 3, 1, 0)
            + struct.pack("<Q", 1)
            + b"t"
            + struct.pack("<I", 4)
            + word * 4
            + b"\0\0\0\0"
            + word,
        )
    )
    await field.ask(field.post("/v1/hardware/model-format", header))


@caller
async def hardware_numbers(field):
    end = field.chance.choice(ENDS)
    path = field.chance.choice(("placement", "simulate", "requirement-match", "cost", "training-estimate"))
    keys = ("model_params", "model_params_m", "context", "parallel", "remove_count", "min_chips")
    members = ",".join(f'"{key}":{end}' for key in field.chance.sample(keys, 2))
    devices = '"add_devices":[%s]' % ",".join(['{"memory_gb":%s,"memory_bytes":%s}' % (end, end)] * 64)
    await field.ask(field.post("/v1/hardware/" + path, f'{{"model":"llama-70b",{members},{devices}}}'.encode()))


@caller
async def reloads(field):
    await at_once(field.ask(field.head("POST", "/v1/admin/reload", 0)) for _ in range(50))


@caller
async def wrong_keys(field):
    async def one(key):
        await field.ask(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n{key}content-length: 2\r\n\r\n{{}}".encode()
        )

    keys = (
        "",
        "authorization: Bearer x\r\n",
        "x-api-key: \r\n",
        "authorization: " + "B" * 4000 + "\r\n",
        "authorization: Basic eDp5\r\n",
    )
    await at_once(one(field.chance.choice(keys)) for _ in range(20))


@caller
async def foreign_pages(field):
    path, body = shapes.asking("openai", "honest-openai", False)
    response = await field.ask(field.post(path, body, field.chance.choice(FOREIGN_PAGES)))
    if response.status == 200:
        field.seen["a foreign page was answered"] += 1


@caller
async def odd_http(field):
    await field.ask(field.chance.choice(ODD_REQUESTS), timeout=3)


@caller
async def queue_floods(field):
    """Fill the queue of a provider that honest callers use too."""
    path, body = shapes.asking("openai", "shared", False, "slow")
    await at_once(field.ask(field.post(path, body)) for _ in range(150))


@caller
async def requests_that_fail(field):
    """Send prompts that always make a provider fail that honest callers use too."""
    path, body = shapes.asking("openai", "shared", field.chance.random() < 0.5, "boom")
    await at_once(field.ask(field.post(path, body)) for _ in range(5))
