"""A raw HTTP client that records where and how a response ended."""

import asyncio
import json
import random
import socket
import struct
import time

OPEN = set()


class Response:
    """A response. `end` is `complete`, `eof` (closed before the end), or `reset`."""

    def __init__(self):
        self.status = 0
        self.fields = {}
        self.interim = 0
        self.body = bytearray()
        self.end = None
        self.chunked = False
        self.raw_bytes = 0

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def events(self):
        """Return the data of each event of a stream."""
        found = []
        for block in bytes(self.body).split(b"\n\n"):
            lines = [line[5:].lstrip(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
            if lines:
                found.append(b"\n".join(lines))
        return found

    @property
    def text(self):
        """Return the text of the answer."""
        if not self.fields.get("content-type", "").startswith("text/event-stream"):
            return self.json["choices"][0]["message"]["content"]
        parts = []
        for event in self.events:
            if event != b"[DONE]":
                for choice in json.loads(event).get("choices", []):
                    parts.append(choice.get("delta", {}).get("content") or "")
        return "".join(parts)

    def __repr__(self):
        return f"<{self.status} {self.end} {bytes(self.body[-200:])!r}>"


class Client:
    """A connection to a gateway."""

    def __init__(self, sock):
        self.socket = sock
        self.buffer = bytearray()
        self.left_at = None
        OPEN.add(self)

    @classmethod
    async def open(cls, port, source=None, rcvbuf=None, timeout=5):
        sock = socket.socket()
        sock.setblocking(False)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            sock.bind((source, 0))
        client = cls(sock)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except BaseException:
            client.close()
            raise
        return client

    async def send(self, data, timeout=10):
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def receive(self, count=65536, timeout=10):
        """Return some bytes, or none at the end. Raises on a reset."""
        async with asyncio.timeout(timeout):
            return await asyncio.get_running_loop().sock_recv(self.socket, count)

    async def _fill(self):
        data = await asyncio.get_running_loop().sock_recv(self.socket, 262144)
        self.buffer += data
        return bool(data)

    async def response(self, timeout=10, until=None):
        """Read one response to its end, or until its body contains `until`."""
        response = Response()
        try:
            async with asyncio.timeout(timeout):
                await self._response(response, until)
        except ConnectionError:
            response.end = "reset"
        except TimeoutError:
            raise AssertionError(f"the response did not end within {timeout} s: {response} {bytes(self.buffer[:200])!r}")
        return response

    async def _response(self, response, until):
        while True:
            while (split := self.buffer.find(b"\r\n\r\n")) < 0:
                if not await self._fill():
                    response.end = "eof"
                    return
            lines = self.buffer[:split].decode("latin-1").split("\r\n")
            del self.buffer[: split + 4]
            response.status = int(lines[0].split(" ")[1])
            if response.status >= 200:
                break
            response.interim += 1
        for line in lines[1:]:
            name, _, value = line.partition(":")
            response.fields[name.lower()] = value.strip()
        self._response_now = response
        if response.fields.get("transfer-encoding") == "chunked":
            response.chunked = True
            response.end = await self._chunks(response, until)
        else:
            await self._plain(response, until)

    async def _plain(self, response, until):
        length = int(response.fields.get("content-length", -1))
        while length < 0 or len(self.buffer) < length:
            if until and until in self.buffer:
                response.body = self.buffer
                return
            if not await self._fill():
                response.end = "complete" if length < 0 else "eof"
                length = len(self.buffer)
                break
        response.end = response.end or "complete"
        response.body += self.buffer[:length]
        del self.buffer[:length]

    async def _chunks(self, response, until):
        while True:
            while (line := self.buffer.find(b"\r\n")) < 0:
                if not await self._fill():
                    return "eof"
            size = int(bytes(self.buffer[:line]).split(b";")[0], 16)
            while len(self.buffer) < line + 2 + size + 2:
                if not await self._fill():
                    response.body += self.buffer[line + 2 :]
                    return "eof"
            response.body += self.buffer[line + 2 : line + 2 + size]
            del self.buffer[: line + 2 + size + 2]
            if size == 0:
                return "complete"
            if until and until in response.body:
                return None

    async def rest(self, response, timeout=10):
        """Continue reading a stream after `until`."""
        try:
            async with asyncio.timeout(timeout):
                response.end = await self._chunks(response, None)
        except ConnectionError:
            response.end = "reset"
        except TimeoutError:
            raise AssertionError(f"the stream did not end within {timeout} s: {response}")
        return response

    async def ended(self, timeout=5):
        """Wait until the peer ends the connection. Return `eof` or `reset`."""
        try:
            while await self.receive(timeout=timeout):
                pass
            return "eof"
        except ConnectionError:
            return "reset"
        except TimeoutError:
            raise AssertionError(f"the connection is still open after {timeout} s")

    def finish(self):
        """Shut down the sending side."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self, how="fin"):
        """Disconnect, with an orderly close or a reset."""
        if self not in OPEN:
            return
        OPEN.discard(self)
        if how == "rst":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.left_at = time.monotonic()
        self.socket.close()

    def leave_somehow(self):
        self.close(random.choice(("fin", "rst")))


def chat(model, stream, prompt="Hello", padding=0, close=False, **more):
    """Return the bytes of a chat completion request."""
    message = {"role": "user", "content": prompt + "x" * padding}
    body = json.dumps({"model": model, "stream": stream, "messages": [message], **more}).encode()
    return post(body, close)


def post(body, close=False, fields=""):
    """Return the bytes of a request with this body."""
    end = "connection: close\r\n" if close else ""
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n{fields}{end}\r\n"
    )
    return head.encode() + body


def get(path, close=False):
    end = "connection: close\r\n" if close else ""
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n{end}\r\n".encode()


def close_all():
    """Reset every client that a fault left open."""
    for client in list(OPEN):
        client.close("rst")
