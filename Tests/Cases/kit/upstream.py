"""A scripted provider on loopback that records the requests it receives."""

import json
import re
import socket
import threading
import time

from kit.replies import model_list, reply, text_reply
from kit.verdict import check


class Request:
    """A request that an upstream received."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ", 2)
        self.headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        self.body = body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None


class Upstream:
    """A provider on loopback that records its requests.

    `answer(request)` returns the response to a POST: bytes, or an iterable of bytes and of seconds to wait; None closes
    the connection. `listing(request)` does the same for a GET. Without it, the response lists `models` in the format of
    the requested path.
    """

    def __init__(self, answer=None, models=("m",), listing=None, host="127.0.0.1", port=0, tls=None):
        self.answer, self.models, self.listing, self.tls = answer or text_reply("hello"), list(models), listing, tls
        self.requests, self.connections, self.lock = [], set(), threading.Lock()
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, port))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        """The base URL of the provider."""
        return "%s://127.0.0.1:%d" % ("https" if self.tls else "http", self.port)

    @property
    def posts(self):
        """The requests except those for the model list."""
        with self.lock:
            return [request for request in self.requests if request.method == "POST"]

    @property
    def bodies(self):
        """The JSON bodies of the POST requests."""
        return [request.json for request in self.posts]

    def received(self, text):
        """Return whether the body of a POST request contains a text."""
        return any(text.encode() in request.body for request in self.posts)

    def close(self):
        """Stop listening, and close all connections."""
        with self.lock:
            for connection in [self.socket, *self.connections]:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        data = b""
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with self.lock:
                self.connections.add(connection)
            while True:
                while b"\r\n\r\n" not in data:
                    data += self._receive(connection)
                    if not data[:1].isalpha():  # For example, a TLS handshake.
                        return connection.sendall(reply(b"Bad Request", 400, "text/plain", ["connection: close"]))
                head, _, data = data.partition(b"\r\n\r\n")
                length = re.search(rb"(?im)^content-length: *(\d+)", head)
                length = int(length[1]) if length else 0
                while len(data) < length:
                    data += self._receive(connection)
                request = Request(head, data[:length])
                data = data[length:]
                with self.lock:
                    self.requests.append(request)
                if not self._send(connection, self._response(request)):
                    return
        except (OSError, EOFError):
            pass
        except Exception as error:
            check(False, "the scripted provider works", repr(error))
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    @staticmethod
    def _receive(connection):
        data = connection.recv(65536)
        if not data:
            raise EOFError
        return data

    @staticmethod
    def _send(connection, response):
        """Send a response, and return whether the connection stays open."""
        if response is None:
            return False
        for part in [response] if isinstance(response, bytes) else response:
            if part is None:
                return False
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)
        return True

    def _response(self, request):
        if request.method == "POST":
            return self.answer(request)
        return (self.listing or model_list(self.models))(request)
