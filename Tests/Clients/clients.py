"""The clients for every feature, behind one interface: responses and streams as dictionaries."""

import asyncio
import json
import os
import subprocess
import time

import openai

URL = os.environ.get("HOOSH_URL", "http://127.0.0.1:8088")
KEY = "not-needed"


def sdk(url=URL, key=KEY, **options):
    """Return the official SDK without retries, which would hide failures."""
    return openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0, timeout=30, **options)


def ask(model, content="hello", **fields):
    """Return the fields of a request."""
    return {"model": model, "messages": [{"role": "user", "content": content}], **fields}


class Sync:
    """The SDK's synchronous client."""

    name = "openai"

    def create(self, **request):
        return sdk().chat.completions.create(**request).to_dict()

    def stream(self, **request):
        """Yield pairs of arrival time and chunk."""
        for chunk in sdk().chat.completions.create(stream=True, **request):
            yield time.monotonic(), chunk.to_dict()


class Async:
    """The SDK's asynchronous client."""

    name = "openai-async"

    @staticmethod
    def _sdk():
        return openai.AsyncOpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=30)

    def create(self, **request):
        async def run():
            async with self._sdk() as client:
                return (await client.chat.completions.create(**request)).to_dict()

        return asyncio.run(run())

    def stream(self, **request):
        async def run():
            async with self._sdk() as client:
                chunks = await client.chat.completions.create(stream=True, **request)
                return [(time.monotonic(), chunk.to_dict()) async for chunk in chunks]

        yield from asyncio.run(run())


class Curl:
    """curl, as used on the command line."""

    name = "curl"
    command = ["curl", "-sSN", "--fail-with-body", "--max-time", "30", "-H", "content-type: application/json"]

    def _start(self, request):
        process = subprocess.Popen(
            [*self.command, "--data-binary", "@-", URL + "/v1/chat/completions"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        return process

    def create(self, **request):
        process = self._start(request)
        body = process.stdout.read()
        assert process.wait() == 0, body
        return json.loads(body)

    def stream(self, **request):
        process = self._start(request | {"stream": True})
        data = None
        for line in process.stdout:
            arrival = time.monotonic()
            line = line.decode().rstrip("\r\n")
            if not line.startswith("data:"):
                assert line == "" or line.startswith(":"), line
                continue
            assert data != "[DONE]", "there is data after the end"
            data = line.removeprefix("data:").strip()
            if data != "[DONE]":
                yield arrival, json.loads(data)
        assert process.wait() == 0
        assert data == "[DONE]"


ALL = [Sync(), Async(), Curl()]


def text(chunks):
    """Return the concatenated text of a stream's chunks."""
    return "".join(delta(chunk).get("content") or "" for chunk in chunks)


def delta(chunk):
    """Return the delta of a chunk; the usage chunk has none."""
    return chunk["choices"][0]["delta"] if chunk["choices"] else {}


def finishes(chunks):
    """Return the finish reasons; a valid stream has exactly one."""
    return [c["choices"][0]["finish_reason"] for c in chunks if c["choices"] and c["choices"][0].get("finish_reason")]
