"""A scripted OpenAI-compatible upstream in a thread. The model's name selects its behavior; it records times.

| model            | answer                                                                    |
| ---------------- | ------------------------------------------------------------------------- |
| scripted-slow    | `CHUNKS` tokens, `GAP` seconds apart; `sent` has the time of each         |
| scripted-echo    | the last message back, the stream in writes of a few bytes                |
| scripted-endless | tokens until the client disconnects (`left`)                              |
| scripted-tool    | one tool call with `ARGUMENTS`, in fragments                              |
| failing-cut      | half an answer, then the connection is closed                             |
| failing-error    | half a stream, then an error object                                       |
| failing-garbage  | 200 and something that is no JSON                                         |
| failing-STATUS   | that HTTP status and an error object, as in `failing-500`                |

Under the path `/broken` every chat is refused with 500, whatever the model.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNKS = 8
GAP = 0.1
ARGUMENTS = '{"city": "Zürich", "note": "a \\"quoted\\" word"}'
USAGE = {"prompt_tokens": 3, "completion_tokens": 8, "total_tokens": 11}


class Upstream(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and records requests in its attributes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Conversation)
        self.sent = []
        self.left = threading.Event()
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Ignore errors: a client that disconnects is part of the script."""


class Conversation(BaseHTTPRequestHandler):
    """A connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Log nothing."""

    def do_GET(self):
        if self.path.endswith("/models"):
            names = ["scripted-slow", "scripted-echo", "outside-the-pattern"]
            self.answer(200, {"object": "list", "data": [model(name) for name in names]})
        else:
            self.answer(404, error("there is nothing here"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = json.loads(body)
        self.server.requests.append({"path": self.path, "headers": dict(self.headers), "body": request})
        self.name = request["model"]
        self.wants_usage = (request.get("stream_options") or {}).get("include_usage", False)
        word = self.name.partition("-")[2]
        if self.path.startswith("/broken"):
            self.answer(500, error("this upstream is broken"))
        elif word.isdigit():
            self.answer(int(word), error(f"the script says {word}"))
        elif word == "garbage":
            self.reply(200, "application/json", b"<html>certainly not JSON</html>")
        elif request.get("stream"):
            self.stream(word, request)
        else:
            self.complete(word, request)

    # Non-streaming responses.

    def complete(self, word, request):
        message = {"role": "assistant", "content": text_of(request) if word == "echo" else words(CHUNKS)}
        finish = "stop"
        if word == "tool":
            message = {"role": "assistant", "content": None, "tool_calls": [tool_call(ARGUMENTS)]}
            finish = "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        answer = self.frame("chat.completion", choices=[choice], usage=USAGE)
        if word == "cut":
            body = json.dumps(answer).encode()
            self.head(200, "application/json", len(body))
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.answer(200, answer)

    # Streams.

    def stream(self, word, request):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.event(self.delta({"role": "assistant", "content": None}))
        finish = "stop"
        if word == "slow":
            self.server.sent = []
            for index in range(CHUNKS):
                time.sleep(GAP if index else 0)
                self.server.sent.append(time.monotonic())
                self.event(self.delta({"content": token(index)}))
        elif word == "echo":
            for character in text_of(request):
                # One write per two bytes, so that characters, lines, and events arrive in pieces.
                self.event(self.delta({"content": character}), size=2)
        elif word == "endless":
            self.endless()
            return
        elif word == "tool":
            finish = "tool_calls"
            self.event(self.delta({"tool_calls": [{"index": 0} | tool_call("")]}))
            for at in range(0, len(ARGUMENTS), 5):
                piece = {"index": 0, "function": {"arguments": ARGUMENTS[at : at + 5]}}
                self.event(self.delta({"tool_calls": [piece]}))
        else:
            for index in range(CHUNKS // 2):
                self.event(self.delta({"content": token(index)}))
            if word == "cut":
                time.sleep(GAP)
                self.close_connection = True  # The last chunk is missing.
                return
            if word == "error":
                self.event(error("the model fell over"))
                self.end()
                return
        self.event(self.delta({}, finish))
        if self.wants_usage:
            self.event(self.frame("chat.completion.chunk", choices=[], usage=USAGE))
        self.write(b"data: [DONE]\n\n")
        self.end()

    def endless(self):
        try:
            while True:
                self.event(self.delta({"content": " on"}))
                time.sleep(0.01)
        except OSError:
            self.server.left.set()
            raise

    # Writing.

    def frame(self, kind, **fields):
        return {"id": "chatcmpl-scripted", "object": kind, "created": 1, "model": self.name, **fields}

    def delta(self, delta, finish=None):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return self.frame("chat.completion.chunk", choices=[choice])

    def event(self, value, size=None):
        data = b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"
        for at in range(0, len(data), size or len(data)):
            self.write(data[at : at + (size or len(data))])

    def write(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, status, value):
        self.reply(status, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def reply(self, status, kind, body):
        self.head(status, kind, len(body))
        self.wfile.write(body)

    def head(self, status, kind, length):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(length))
        self.end_headers()


def model(name):
    return {"id": name, "object": "model", "created": 1, "owned_by": "script"}


def error(message):
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}


def tool_call(arguments):
    return {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}


def text_of(request):
    return request["messages"][-1]["content"]


def token(index):
    return f" word{index}"


def words(count):
    return "".join(map(token, range(count)))
