"""A scripted upstream that runs a list of steps, selected by the model's name.

A step is bytes (sent as they are), a number (seconds of silence) or a function of the call. After the last step the
connection closes. `RESET` breaks it, `STALL` waits until the gateway leaves, `KEEP` waits for the next request.
"""

import asyncio
import json
import re
import socket
import struct
import time

WORDS = ["one ", "two ", "three ", "four "]
TEXT = "".join(WORDS)
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


class Left(Exception):
    """The gateway disconnected."""


class Call:
    """A request at the upstream."""

    def __init__(self, sock, head, body, model, listener):
        self.socket = sock
        self.head = head
        self.body = body
        self.model = model
        self.listener = listener
        self.at = time.monotonic()
        self.left_at = None
        self.sent = 0
        self.stream = b'"stream":true' in body.replace(b" ", b"")

    async def send(self, data):
        try:
            await asyncio.get_running_loop().sock_sendall(self.socket, data)
            self.sent += len(data)
        except (ConnectionError, OSError):
            raise Left from None

    async def until_left(self):
        """Wait until the gateway has closed the connection."""
        try:
            while await asyncio.get_running_loop().sock_recv(self.socket, 65536):
                pass
        except (ConnectionError, OSError):
            pass
        raise Left


class Upstream:
    """Listens on one port for each name in `ports`, on one event loop."""

    def __init__(self):
        self.scripts = {}
        self.calls = {}
        self.accepted = {}
        self.ports = {}
        self.listeners = {}
        self.connections = {}
        self.tasks = set()
        self.held = []

    def listen(self, name, port=0, host="127.0.0.1", backlog=4096, rcvbuf=None, greet=None):
        """Open a port. `greet` handles the accepted socket instead of reading requests."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        listener.bind((host, port))
        listener.listen(backlog)
        listener.setblocking(False)
        self.ports[name] = listener.getsockname()[1]
        self.listeners[name] = listener
        self.accepted[name] = 0
        self._spawn(self._accept(name, listener, greet or self._serve))
        return self.ports[name]

    def reserve(self, name):
        """Return a port that refuses connections: bound, but not listening."""
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        self.held.append(closed)
        self.ports[name] = closed.getsockname()[1]

    def black_hole(self, name):
        """Return a port with a full accept queue, on which further connections receive no response."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self.held.append(listener)
        self.ports[name] = listener.getsockname()[1]
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            self.held.append(filler)

    def script(self, model, *steps):
        """Set the steps for `model`. A single function of the call may return them."""
        self.scripts[model] = steps
        self.calls[model] = []
        return model

    def _spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _accept(self, name, listener, serve):
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError:
                return
            self.accepted[name] += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[sock] = self._spawn(self._run(sock, serve, name))

    async def _run(self, sock, serve, name):
        try:
            await serve(sock, name)
        except (Left, ConnectionError, OSError):
            pass
        finally:
            self.connections.pop(sock, None)
            sock.close()

    async def _serve(self, sock, name):
        loop = asyncio.get_running_loop()
        buffer = bytearray()
        last = None
        while True:
            while (split := buffer.find(b"\r\n\r\n")) < 0:
                data = await loop.sock_recv(sock, 65536)
                if not data:
                    if last:
                        last.left_at = last.left_at or time.monotonic()
                    return
                buffer += data
            head = bytes(buffer[:split])
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            size = int(length[1]) if length else 0
            while len(buffer) < split + 4 + size:
                data = await loop.sock_recv(sock, 262144)
                if not data:
                    return
                buffer += data
            body = bytes(buffer[split + 4 : split + 4 + size])
            del buffer[: split + 4 + size]
            if not await self._answer(sock, head, body, name):
                return
            last = self._last

    async def _answer(self, sock, head, body, name):
        found = re.search(rb'"model" *: *"([^"]*)"', body)
        model = found[1].decode() if found else "-"
        call = self._last = Call(sock, head, body, model, name)
        # The port named `good` responds normally despite the script: it is the target of failover.
        steps = None if name == "good" else self.scripts.get(model)
        if steps is None:
            steps = (good(call.stream),)
        else:
            self.calls[model].append(call)
        try:
            return await self._play(call, steps)
        except Left:
            call.left_at = time.monotonic()
            raise

    async def _play(self, call, steps):
        for step in steps:
            if step is RESET:
                reset(call.socket)
                return False
            if step is KEEP:
                return True
            if step is STALL:
                await call.until_left()
            elif isinstance(step, (bytes, bytearray)):
                await call.send(step)
            elif isinstance(step, (int, float)):
                await asyncio.sleep(step)
            else:
                result = step(call)
                if asyncio.iscoroutine(result):
                    result = await result
                if isinstance(result, (list, tuple)):
                    return await self._play(call, result)
        call.socket.shutdown(socket.SHUT_WR)
        return False

    def clean(self):
        """Clear the scripts and break open connections."""
        self.scripts.clear()
        self.calls.clear()
        for sock, task in list(self.connections.items()):
            linger_none(sock)
            task.cancel()

    def close(self):
        self.clean()
        for task in list(self.tasks):
            task.cancel()
        for each in [*self.listeners.values(), *self.held]:
            each.close()


RESET, STALL, KEEP = object(), object(), object()


def reset(sock):
    """Break a connection so that the peer receives a reset."""
    linger_none(sock)
    sock.close()


def linger_none(sock):
    """Make the next close a reset."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


def head(status=200, kind="text/event-stream", *fields):
    """Return a response head. A field is a whole line."""
    lines = [f"HTTP/1.1 {status} Status", f"content-type: {kind}", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


STREAM = head(200, "text/event-stream", "transfer-encoding: chunked", "connection: close")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"


def event(data):
    """Return one event of a stream, in its own chunk."""
    return chunk(b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n")


def delta(text=None, finish=None, **more):
    """Return the object of a chat completion chunk."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def token(text):
    return event(delta(text))


FINISH = event(delta(finish="stop"))
DONE = event(b"[DONE]") + LAST


def answer(text=TEXT, **more):
    """Return the object of a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {
        "id": "c-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE, **more
    }  # fmt: skip


def reply(body, status=200, kind="application/json", *fields):
    """Return a response with a content length."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, kind, f"content-length: {len(body)}", "connection: close", *fields) + body


def good(stream):
    """Return a complete, successful response."""
    if not stream:
        return reply(answer())
    return STREAM + b"".join(token(word) for word in WORDS) + FINISH + DONE


def half(stream):
    """Return the first half of a successful response: its head and some visible output."""
    if stream:
        return STREAM + token("one ") + token("two ")
    whole = reply(answer())
    return whole[: len(whole) - 40]
