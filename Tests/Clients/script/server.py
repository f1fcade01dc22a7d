"""The scripted server's HTTP: `python -m script PORT` in this folder's parent. It prints `ready` when it listens.

The last word of a model's name (`to-openai-429` and so on):

| word     | answer                                                               |
| -------- | -------------------------------------------------------------------- |
| STATUS   | that HTTP status with the dialect's error; 429 with `retry-after: 7` |
| midway   | half a stream, then the dialect's error                              |
| cut      | half an answer, then the connection closes                           |
| slow     | a stream with `GAP` seconds between its first events                 |
| long     | the answer is cut by the limit                                       |
| filtered | the answer is stopped by a content filter                            |
| cached   | most of the prompt came from a cache                                 |
| early    | OpenAI's: usage comes with the last choice, not behind it            |
"""

import itertools
import json
import re
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import completions, embeddings, gemini, messages, mind, ollama, texts

GAP = 0.15
KEYS = {"openai": ["authorization"], "anthropic": ["x-api-key", "authorization"], "google": ["x-goog-api-key"]}
FAILED = "the script says so"
NAMES = ["plain", "agent", "slow", "long", "filtered", "cached", "early", "midway", "cut", "401", "404", "429", "500", "529"]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Ignore errors: a client that disconnects is part of the script."""


class Conversation(BaseHTTPRequestHandler):
    """A connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Log nothing."""

    def do_HEAD(self):
        self.reply(200, b"")

    def do_GET(self):
        provider, path = self.place()
        names = [f"to-{'gemini' if provider == 'google' else provider}-{name}" for name in NAMES]
        if provider == "ollama" and path == "/api/tags":
            self.answer(200, ollama.tags(names))
        elif provider == "ollama" and path == "/api/ps":
            self.answer(200, {"models": []})
        elif provider == "ollama" and path == "/api/version":
            self.answer(200, {"version": "0.13.5"})
        elif provider == "google" and path.startswith("/v1beta/models"):
            one = {"displayName": "Script", "inputTokenLimit": 131072, "supportedGenerationMethods": ["generateContent"]}
            self.answer(200, {"models": [{"name": f"models/{name}"} | one for name in names]})
        elif provider == "anthropic" and path == "/v1/models":
            one = {"type": "model", "display_name": "Script", "created_at": "2026-01-01T00:00:00Z"}
            self.answer(200, {"data": [{"id": name} | one for name in names], "has_more": False})
        elif path == "/v1/models":
            one = {"object": "model", "created": 1, "owned_by": "script"}
            self.answer(200, {"object": "list", "data": [{"id": name} | one for name in names]})
        else:
            self.answer(404, {"error": "there is nothing here"})

    def place(self):
        """Return the provider to act as, and the path there."""
        path = self.path.partition("?")[0]
        _, provider, rest = path.split("/", 2)
        return provider, "/" + rest

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        provider, path = self.place()
        dialect = {"anthropic": messages, "google": gemini, "ollama": ollama}.get(provider, completions)
        if path == "/v1/chat/completions":
            dialect = completions
        try:
            request = json.loads(body)
            mind.need(any(self.headers.get(name) for name in KEYS.get(provider, ["host"])), "there is no key")
            self.serve(provider, path, dialect, request)
        except mind.Refused as refused:
            self.answer(refused.status, dialect.error(refused.status, str(refused)))
        except (OSError, ValueError) as fault:
            if isinstance(fault, ValueError):
                self.answer(400, dialect.error(400, f"cannot be read: {fault}"))
        except Exception as fault:  # A request of the wrong shape is an error of the caller.
            traceback.print_exc()
            self.answer(400, dialect.error(400, f"cannot be understood: {fault!r} in {body[:500]!r}"))

    def serve(self, provider, path, dialect, request):
        if path == "/api/show":
            self.answer(200, ollama.show(request))
        elif dialect is gemini:
            name, method = re.fullmatch(r"/v1(?:beta)?/models/(.+):(\w+)", path).groups()
            if method == "countTokens":
                self.answer(200, {"totalTokens": mind.PROMPT_TOKENS})
            elif method == "embedContent":
                self.answer(200, {"embedding": embeddings.gemini(request, name)})
            elif method == "batchEmbedContents":
                self.answer(200, embeddings.gemini_batch(request, name))
            else:
                sse = self.path.endswith("alt=sse")
                mind.need(sse or method == "generateContent", "this script streams only with alt=sse")
                self.chat(gemini, gemini.read(request, name), request, method == "streamGenerateContent")
        elif path == "/v1/embeddings":
            self.answer(200, embeddings.openai(request))
        elif path == "/api/embed":
            self.answer(200, embeddings.ollama(request))
        elif path == "/api/embeddings":
            self.answer(200, embeddings.legacy(request))
        elif path == "/v1/completions" and request.get("stream"):
            events = list(texts.stream(provider, request))
            self.head(200, "text/event-stream", [("transfer-encoding", "chunked")])
            for event in events:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/v1/completions":
            self.answer(200, texts.whole(provider, request))
        elif path == "/v1/messages/count_tokens":
            messages.read(request, counting=True)
            self.answer(200, {"input_tokens": mind.PROMPT_TOKENS})
        elif path in ("/v1/chat/completions", "/v1/messages", "/api/chat"):
            mind.need(dialect is not messages or self.headers.get("anthropic-version"), "anthropic-version: missing")
            streams = request.get("stream", dialect is ollama)
            self.chat(dialect, dialect.read(request), request, streams)
        else:
            self.answer(404, dialect.error(404, f"there is nothing at {provider}{path}"))

    def chat(self, dialect, asked, request, streams):
        word = asked.word
        if word.isdigit():
            self.answer(int(word), dialect.error(int(word), FAILED), {"retry-after": "7"} if word == "429" else {})
            return
        said = mind.answer(asked)
        if not streams:
            body = json.dumps(dialect.whole(asked, said), ensure_ascii=False).encode()
            if word == "cut":
                self.head(200, "application/json", [("content-length", str(len(body)))])
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            else:
                self.reply(200, body)
            return
        kind = "application/x-ndjson" if dialect is ollama else "text/event-stream"
        self.head(200, kind, [("transfer-encoding", "chunked")])
        events = list(dialect.stream(asked, said, request))
        if word in ("midway", "cut"):
            events = events[: len(events) // 2]
        for at, event in enumerate(events):
            if word == "slow" and 0 < at < 8:
                time.sleep(GAP)
            # Two writes, so that lines and characters arrive in pieces.
            cut = max(1, len(event) * 2 // 3)
            for piece in (event[:cut], event[cut:]):
                if piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if word == "midway":
            event = dialect.broken(FAILED)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        if word == "cut":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    # Writing.

    def answer(self, status, value, fields=()):
        self.reply(status, json.dumps(value, ensure_ascii=False).encode(), dict(fields))

    def reply(self, status, body, fields=()):
        self.head(status, "application/json", [("content-length", str(len(body))), *dict(fields).items()])
        self.wfile.write(body)

    def head(self, status, kind, fields):
        self.send_response(status)
        for name, value in itertools.chain([("content-type", kind)], fields):
            self.send_header(name, value)
        self.end_headers()


def main():
    server = Server(("127.0.0.1", int(sys.argv[1])), Conversation)
    print("ready", flush=True)
    server.serve_forever()
