"""U23: HTTP/2 upstreams that send GOAWAY, reset a stream, or grant no window."""

import asyncio
import contextlib
import json
import ssl
import sys

from kit.checks import expect, expect_error, expect_event, expect_good, within
from kit.gateway import provider
from kit.table import Skip, fault
from kit.upstream import WORDS, answer, delta
from tls import authority
from uploads import PATIENT

# Debian's python3-h2 is installed for its own Python, and runs in any.
DEBIAN = "/usr/lib/python3/dist-packages"
REFUSED_STREAM, INTERNAL_ERROR = 7, 2


def libraries():
    if DEBIAN not in sys.path:
        sys.path.append(DEBIAN)
    try:
        import h2.config
        import h2.connection
        import h2.events
        import hyperframe.frame
    except ImportError as error:
        raise Skip("needs python3-h2") from error
    return h2, hyperframe.frame


class Call:
    """A request on a connection. Its methods send frames."""

    def __init__(self, connection, writer, stream, number, body):
        self.connection = connection
        self.writer = writer
        self.stream = stream
        self.number = number
        self.is_stream = b'"stream":true' in body.replace(b" ", b"")

    async def _flush(self):
        self.writer.write(self.connection.data_to_send())
        await self.writer.drain()

    async def head(self):
        kind = "text/event-stream" if self.is_stream else "application/json"
        self.connection.send_headers(self.stream, [(":status", "200"), ("content-type", kind)])
        await self._flush()

    async def half(self):
        if self.is_stream:
            data = events(*(delta(word) for word in WORDS[:2]))
        else:
            data = json.dumps(answer()).encode()[:40]
        self.connection.send_data(self.stream, data)
        await self._flush()

    async def rest(self):
        if self.is_stream:
            data = events(*(delta(word) for word in WORDS[2:]), delta(finish="stop")) + b"data: [DONE]\n\n"
        else:
            data = json.dumps(answer()).encode()[40:]
        self.connection.send_data(self.stream, data, end_stream=True)
        await self._flush()

    async def reset(self, code):
        self.connection.reset_stream(self.stream, code)
        await self._flush()

    async def go_away(self, last):
        """Send GOAWAY: no stream above `last` was or will be processed. The others continue."""
        _, frame = libraries()
        self.writer.write(frame.GoAwayFrame(0, last_stream_id=last).serialize())
        await self.writer.drain()


def events(*values):
    return b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)


async def good(call):
    await call.head()
    await call.half()
    await call.rest()


async def last(call):
    await call.go_away(2**31 - 1)
    await good(call)


class Server:
    """An HTTP/2 server over TLS that runs one function per request. Without `reads` it grants no window."""

    def __init__(self, w, play, reads=True):
        self.w = w
        self.play = play
        self.reads = reads
        self.calls = []
        self.connections = 0

    async def listen(self, folder):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{folder}/good.pem", f"{folder}/good.key")
        context.set_alpn_protocols(["h2"])
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=context)
        self.w.closers.append(server.close)
        return server.sockets[0].getsockname()[1]

    def _connected(self, reader, writer):
        self.connections += 1
        self.w.spawn(self._serve(reader, writer))

    async def _serve(self, reader, writer):
        h2, _ = libraries()
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        bodies = {}
        try:
            while data := await reader.read(65536):
                for each in connection.receive_data(data):
                    if isinstance(each, h2.events.RequestReceived):
                        bodies[each.stream_id] = b""
                    elif isinstance(each, h2.events.DataReceived):
                        bodies[each.stream_id] += each.data
                        if self.reads:
                            connection.acknowledge_received_data(each.flow_controlled_length, each.stream_id)
                    elif isinstance(each, h2.events.StreamEnded):
                        body = bodies[each.stream_id]
                        call = Call(connection, writer, each.stream_id, len(self.calls), body)
                        self.calls.append(call)
                        self.w.spawn(self._play(call))
                writer.write(connection.data_to_send())
                await writer.drain()
        except (ConnectionError, h2.exceptions.ProtocolError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    async def _play(self, call):
        with contextlib.suppress(ConnectionError):
            await self.play(call)


@contextlib.asynccontextmanager
async def gateway(w, play, reads=True):
    """Start a gateway whose provider `two` uses HTTP/2, followed by `good` for models that start with `over-two`."""
    libraries()
    folder, wrap = authority(w)
    server = Server(w, play, reads)
    port = await server.listen(folder)
    two = provider("two", f"https://127.0.0.1:{port}/v1") | {"http2": True}
    times = PATIENT | {"upstream_connect_timeout_secs": 3}
    async with w.own(times, providers=[two, *w.providers()], wrap=wrap) as own:
        yield own, server
        # Idle connections are closed, so that the check against the baseline finds none.
        server.play = last
        for _ in range(server.connections):
            await own.ask("two-1", False)


@fault("U23-good", "HTTP/2: consecutive and twenty concurrent requests are answered, on at most two connections", quick=True)
async def answered(w, v):
    async with gateway(w, good) as (own, server):
        expect_good(await own.ask("two-1", v == "stream"))
        for response in await asyncio.gather(*(own.ask("two-1", v == "stream") for _ in range(20))):
            expect_good(response)
        expect(server.connections <= 2, f"{server.connections} connections")


@fault("U23-goaway", "HTTP/2: GOAWAY before a request was processed: a retry or failover", quick=True)
async def gone_before(w, v):
    async def play(call):
        if call.number % 2 == 0:
            await call.go_away(call.stream - 2 if call.stream > 1 else 0)
            await asyncio.sleep(0.05)
            call.writer.transport.abort()
        else:
            await good(call)

    async with gateway(w, play) as (own, server):
        for _ in range(4):
            expect_good(await own.ask("over-two-1", v == "stream"))


@fault("U23-finish", "HTTP/2: GOAWAY while streams run: they complete", quick=True)
async def gone_after(w, v):
    async def play(call):
        await call.head()
        await call.half()
        await call.go_away(2**31 - 1)
        await asyncio.sleep(0.1)
        await call.rest()

    async with gateway(w, play) as (own, server):
        for response in await asyncio.gather(*(own.ask("two-1", v == "stream") for _ in range(5))):
            expect_good(response)
        expect_good(await own.ask("two-1", v == "stream"))
        expect(server.connections >= 2, "a connection was reused after GOAWAY")


@fault("U23-refused", "HTTP/2: a stream is refused before the head: a retry or failover", quick=True)
async def refused(w, v):
    async def play(call):
        await (call.reset(REFUSED_STREAM) if call.number % 2 == 0 else good(call))

    async with gateway(w, play) as (own, server):
        for _ in range(4):
            expect_good(await own.ask("over-two-1", v == "stream"))


@fault("U23-reset", "HTTP/2: one of several streams is reset in the middle: an error event, and the others complete", quick=True)
async def reset(w, v):
    stream = v == "stream"

    async def play(call):
        await call.head()
        await call.half()
        await asyncio.sleep(0.1)
        await (call.reset(INTERNAL_ERROR) if call.number == 1 else call.rest())

    async with gateway(w, play) as (own, server):
        responses = await asyncio.gather(*(own.ask("two-1", stream) for _ in range(5)))
        broken = [each for each in responses if each.status != 200 or each.end != "complete"]
        expect(len(broken) == 1, f"{len(broken)} of five broke, not one")
        if stream:
            expect_event(broken[0], "upstream_truncated", "one two ")
        else:
            expect_error(broken[0], 502, "upstream_truncated")
        for response in responses:
            if response is not broken[0]:
                expect_good(response)


@fault("U23-window", "HTTP/2: the upstream grants no window for a large request: cancelled, then failover")
async def no_window(w, v):
    async with gateway(w, good, reads=False) as (own, server):
        response = await own.ask("two-1", v == "stream", padding=2**20)
        expect_error(response, 504, "upstream_timeout")
        within(response.ms, 900, 2500)
        expect_good(await own.ask("over-two-1", v == "stream", padding=2**20))
