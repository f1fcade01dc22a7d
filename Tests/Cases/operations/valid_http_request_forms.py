"""Clients and proxies write requests in many forms: absolute targets, old versions, unusual hosts, chunked and
form-typed bodies. Every form that HTTP allows is answered like the plain form."""

import json

from kit import Gateway, Upstream, check, done, provider

gateway = Gateway(provider("up", Upstream()))
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
POST = "POST /v1/chat/completions HTTP/1.1"
JSON = "Content-Type: application/json"


def send(label, *lines, body=BODY, chunked=False, half_close=False, statuses=(200,)):
    lines = [line.replace("PORT", str(gateway.port)) for line in lines]
    lines += (
        ["Transfer-Encoding: chunked"]
        if chunked is True
        else [chunked]
        if chunked
        else ["Content-Length: %d" % len(body)]
    )
    got = gateway.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body, timeout=4, half_close=half_close)
    check(got.status in statuses, label, got)


send("plain", POST, "Host: 127.0.0.1:PORT", JSON)
send("absolute target", "POST http://127.0.0.1:PORT/v1/chat/completions HTTP/1.1", "Host: 127.0.0.1:PORT", JSON)
send(
    "upgrade to HTTP/2 offered",
    POST,
    "Connection: Upgrade, HTTP2-Settings",
    "Host: localhost:PORT",
    "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
    "Upgrade: h2c",
    JSON,
)
send("HTTP/1.0 without Host", "POST /v1/chat/completions HTTP/1.0", JSON)
send("host in capitals", POST, "Host: LOCALHOST:PORT", JSON)
send("host with another port, as through a tunnel", POST, "Host: localhost:9999", JSON)
send("no content type", POST, "Host: localhost")
send("content type with a charset", POST, "Host: localhost", "Content-Type: application/json;charset=UTF-8")
send("100-continue", POST, "Host: localhost", "Expect: 100-continue", JSON)
send("a query", "POST /v1/chat/completions?api-version=2024-06-01 HTTP/1.1", "Host: localhost", JSON)
send("below /openai", "POST /openai/v1/chat/completions HTTP/1.1", "Host: localhost", JSON)
send("GET with a body", "GET /v1/models HTTP/1.1", "Host: localhost", JSON, body=b"{}")
send("GET with a length of 0", "GET /v1/models HTTP/1.1", "Host: localhost", JSON, body=b"")
send("chunked", POST, "Host: localhost", JSON, body=CHUNKED, chunked=True)
send("chunked in capitals", POST, "Host: localhost", JSON, body=CHUNKED, chunked="Transfer-Encoding: Chunked")
send(
    "chunked with a quoted extension",
    POST,
    "Host: localhost",
    JSON,
    body=CHUNKED.replace(b"\r\n", b';a="b"\r\n', 1),
    chunked=True,
)
send("half-closed connection after the request", POST, "Host: localhost", JSON, half_close=True)
send("newline after the body", POST, "Host: localhost", JSON, body=BODY + b"\r\n")
send(
    "Ollama's dialect as curl -d sends it",
    "POST /api/chat HTTP/1.1",
    "Host: localhost:11434",
    "Content-Type: application/x-www-form-urlencoded",
    body=json.dumps({"model": "m", "stream": False, "messages": [{"role": "user", "content": "hi"}]}).encode(),
)
send("byte order mark before the JSON", POST, "Host: localhost", JSON, body=b"\xef\xbb\xbf" + BODY, statuses=(200, 400))
send("a foreign host", POST, "Host: elsewhere.example", JSON, statuses=(421,))
done()
