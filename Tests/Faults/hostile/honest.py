"""Honest callers and providers, which must not notice the hostile ones."""

import asyncio
import collections
import json
import time

from hostile import shapes
from kit.client import Client
from kit.upstream import LAST, chunk, reply

WORDS = [f"{number} " for number in range(12)]
TEXT = "".join(WORDS)
MODELS = ("honest-openai", "honest-anthropic", "shared")
DIALECTS = ("openai", "anthropic")
# A bound for a machine that does other work, and not for the gateway.
TIMEOUT = 40


def answer(call):
    """Return the steps of a good answer; a stream takes a quarter of a second."""
    if call.is_list:
        return [reply({"object": "list", "data": [{"id": call.name}]})]
    if not call.stream:
        return [0.05, reply(shapes.whole(call.dialect, TEXT))]
    words = [step for word in WORDS for step in (chunk(shapes.piece(call.dialect, word)), 0.02)]
    start = [shapes.stream_head(call.dialect) + chunk(shapes.opening(call.dialect))]
    return [*start, *words, chunk(shapes.ending(call.dialect)) + LAST]


def shared_answer(call, body):
    """Return the steps of a provider that fails for some prompts and takes long for others."""
    if b"boom" in body:
        return [reply({"error": {"message": "CUDA error"}}, 500)]
    return [0.2, *answer(call)] if b"slow" in body else answer(call)


def text_of(dialect, response):
    """Return the text of a response, streaming or not."""
    if not response.fields.get("content-type", "").startswith("text/event-stream"):
        value = response.json
        return value["choices"][0]["message"]["content"] if dialect == "openai" else value["content"][0]["text"]
    if dialect == "openai":
        return response.text
    events = [json.loads(event) for event in response.events]
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


class Honest:
    """Callers with keys of their own, and what became of their requests."""

    def __init__(self, port, keys, chance):
        self.port, self.keys, self.chance = port, keys, chance
        self.good, self.slowest = 0, 0
        self.failures = collections.Counter()
        self.is_over = False

    def start(self):
        return [asyncio.create_task(self._caller(key, number)) for number, key in enumerate(self.keys)]

    async def _caller(self, key, number):
        while not self.is_over:
            dialect, model = self.chance.choice(DIALECTS), MODELS[number % len(MODELS)]
            stream = self.chance.random() < 0.5
            began = time.monotonic()
            try:
                wrong = await self._ask(key, dialect, model, stream)
            except (AssertionError, ConnectionError, TimeoutError, OSError) as error:
                wrong = str(error)[:80] or type(error).__name__
            except (KeyError, ValueError, TypeError, IndexError) as error:
                wrong = f"not an answer: {error!r}"[:80]
            self.slowest = max(self.slowest, time.monotonic() - began)
            if wrong:
                self.failures[f"{model}{', stream' if stream else ''}: {wrong}"] += 1
            else:
                self.good += 1
            await asyncio.sleep(0.1 + self.chance.random() * 0.3)

    async def _ask(self, key, dialect, model, stream):
        """Send one request, and return what is wrong with the response."""
        path, body = shapes.asking(dialect, model, stream, "Hello")
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        client = await Client.open(self.port, timeout=TIMEOUT)
        try:
            await client.send(head.encode() + data, timeout=TIMEOUT)
            response = await client.response(TIMEOUT)
        finally:
            client.close()
        if response.status != 200:
            return f"status {response.status} {bytes(response.body[:120]).decode(errors='replace')}"
        if response.end != "complete":
            return f"ended with {response.end}"
        return None if text_of(dialect, response) == TEXT else "another text"
