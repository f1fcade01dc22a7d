"""An HTTP client that reports how a response ended, and a thread that measures the latency of a server."""

import json
import re
import socket
import threading
import time


class Client:
    """A client of an HTTP server at a port of this machine."""

    def __init__(self, port):
        self.port = port

    def send(self, data, timeout=10, half_close=False):
        """Send raw bytes, and return the response. `half_close` shuts down the sending side after them."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout)
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return Response(connection, timeout)

    def request(self, method, path, body=None, headers=None, timeout=10):
        """Send a request. A body that is not bytes is sent as JSON."""
        custom = {name.lower(): value for name, value in (headers or {}).items()}
        head = {"host": "127.0.0.1:%d" % self.port, "connection": "close"}
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            head.update({"content-type": "application/json", "content-length": len(body)})
        head.update(custom)
        lines = "".join("%s: %s\r\n" % header for header in head.items())
        return self.send(("%s %s HTTP/1.1\r\n%s\r\n" % (method, path, lines)).encode() + (body or b""), timeout)

    def get(self, path, headers=None, timeout=10):
        """Send a GET request."""
        return self.request("GET", path, None, headers, timeout)

    def post(self, path, body, headers=None, timeout=10):
        """Send a POST request."""
        return self.request("POST", path, body, headers, timeout)

    def chat(self, model="m", text="hi", headers=None, timeout=10, **members):
        """Send a chat completion request with one user message."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **members}
        return self.post("/v1/chat/completions", body, headers, timeout)

    def models(self, headers=None):
        """Return the IDs of the model list, or the response if it is an error."""
        response = self.get("/v1/models", headers)
        return [model["id"] for model in response.json["data"]] if response.status == 200 else response

    def is_listening(self):
        """Return whether the port accepts connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


class Response:
    """A response and its end: `complete`, `eof`, `reset`, or `timeout`."""

    def __init__(self, connection, timeout):
        start = time.monotonic()
        connection.settimeout(timeout)
        data, self.end = b"", "timeout"
        try:
            while self.end == "timeout":
                received = connection.recv(65536)
                data += received
                if not received:
                    self.end = "eof"
                elif self._is_complete(data):
                    self.end = "complete"
        except TimeoutError:
            pass
        except OSError:
            self.end = "reset"
        connection.close()
        self.seconds = time.monotonic() - start
        while data.startswith(b"HTTP/1.1 100"):
            data = data.partition(b"\r\n\r\n")[2]
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = lines[0].split(" ")
        self.status = int(status[1]) if len(status) > 1 and status[1].isdigit() else 0
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if "chunked" in self.headers.get("transfer-encoding", ""):
            self.body = self._without_chunks(self.body)

    @staticmethod
    def _is_complete(data):
        head, end, body = data.partition(b"\r\n\r\n")
        if not end or head.startswith(b"HTTP/1.1 100"):
            return False
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        if length:
            return len(body) >= int(length[1])
        return b"chunked" in head.lower() and (body.endswith(b"\r\n0\r\n\r\n") or body == b"0\r\n\r\n")

    @staticmethod
    def _without_chunks(data):
        body = b""
        while data:
            size, _, data = data.partition(b"\r\n")
            size = int(size.split(b";")[0] or b"0", 16)
            body, data = body + data[:size], data[size + 2 :]
        return body

    @property
    def text(self):
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def events(self):
        """The data of the server-sent events, in order, parsed if it is JSON."""
        events = []
        for block in re.split(r"\r?\n\r?\n", self.text):
            lines = [line[5:].lstrip(" ") for line in re.split(r"\r?\n", block) if line.startswith("data:")]
            if lines:
                try:
                    events.append(json.loads("\n".join(lines)))
                except ValueError:
                    events.append("\n".join(lines))
        return events

    @property
    def objects(self):
        """The events that are JSON objects."""
        return [event for event in self.events if isinstance(event, dict)]

    @property
    def deltas(self):
        """The deltas of an OpenAI stream."""
        return [
            choice["delta"]
            for event in self.objects
            for choice in event.get("choices") or []
            if isinstance(choice.get("delta"), dict)
        ]

    @property
    def content(self):
        """The text of an OpenAI response, streaming or not."""
        if self.json is None:
            return "".join(delta.get("content") or "" for delta in self.deltas)
        choices = (self.json or {}).get("choices") or [{}]
        return (choices[0].get("message") or {}).get("content") or ""

    @property
    def tool_calls(self):
        """The tool calls of an OpenAI stream, joined by index as SDKs do."""
        calls = {}
        for delta in self.deltas:
            for part in delta.get("tool_calls") or []:
                call = calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
                function = part.get("function") or {}
                call["id"] = part.get("id") or call["id"]
                call["name"] += function.get("name") or ""
                call["arguments"] += function.get("arguments") or ""
        return [calls[index] for index in sorted(calls)]

    @property
    def error(self):
        """The body of an error response, or the error event of a stream; empty without an error."""
        if self.status != 200:
            return self.text or "status %d, %s" % (self.status, self.end)
        return next(
            (json.dumps(event) for event in self.objects if event.get("error") or event.get("type") == "error"), ""
        )

    def __repr__(self):
        return "%d %s" % (self.status, self.text[:240].strip())


class LatencyProbe(threading.Thread):
    """A client that requests `/healthz` continuously, and measures the longest response time.

    It runs within `with`.
    """

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.longest, self.is_running = port, 0, True

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.is_running = False
        self.join(50)

    def run(self):
        connection = socket.create_connection(("127.0.0.1", self.port), 50)
        while self.is_running:
            start = time.monotonic()
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            connection.recv(4096)
            self.longest = max(self.longest, time.monotonic() - start)
            time.sleep(0.01)
