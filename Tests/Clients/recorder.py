"""A byte relay that records when the server behind it sent something."""

import socket
import threading
import time


class Recorder:
    """Listens on 127.0.0.1 and forwards everything to the port `target`."""

    def __init__(self, port, target):
        self.target = target
        self.sent = []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for source, sink, notes in ((client, server, None), (server, client, self.sent)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass, args=(source, sink, notes), daemon=True).start()

    @staticmethod
    def _pass(source, sink, notes):
        try:
            while data := source.recv(65536):
                if notes is not None:
                    notes.append(time.monotonic())
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
