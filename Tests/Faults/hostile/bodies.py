"""Requests of hostile callers: large bodies of a million small parts, and requests that are not HTTP."""

import functools

BYTES_MAX = 31 << 20
PARTS_MAX = 1_000_000
# The start of a body, the part that repeats, the end, and the path.
FORMS = {
    "parts": (
        b'{"model":"evil-anthropic","messages":[{"role":"user","content":[',
        b'{"type":"text","text":"a"}',
        b"]}]}",
        "chat/completions",
    ),
    "blocks": (
        b'{"model":"evil-openai","max_tokens":5,"messages":[{"role":"user","content":[',
        b'{"type":"text","text":"a"}',
        b"]}]}",
        "messages",
    ),
    "calls": (
        b'{"model":"evil-gemini","messages":[{"role":"assistant","tool_calls":[',
        b'{"id":"a","function":{"name":"a"}}',
        b"]}]}",
        "chat/completions",
    ),
    "messages": (b'{"model":"evil-gemini","messages":[', b'{"role":"user","content":"a"}', b"]}", "chat/completions"),
    "tools": (
        b'{"model":"evil-ollama","messages":[{"role":"user","content":"a"}],"tools":[',
        b'{"type":"function","function":{"name":"a"}}',
        b"]}",
        "chat/completions",
    ),
    "items": (b'{"model":"evil-anthropic","input":[', b'{"role":"user","content":"a"}', b"]}", "responses"),
    "schema": (
        b'{"model":"evil-gemini","messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"enum":[',
        b'"a"',
        b"]}}}}",
        "chat/completions",
    ),
    "members": (b'{"model":"evil-openai",', b'"a":0', b"}", "route/explain"),
    "stops": (
        b'{"model":"evil-gemini","messages":[{"role":"user","content":"a"}],"stop":[',
        b'"a"',
        b"]}",
        "chat/completions",
    ),
    "inputs": (b'{"model":"evil-ollama","input":[', b'"a"', b"]}", "embeddings"),
}

# The fields of requests of other sites' pages.
FOREIGN_PAGES = (
    "origin: https://evil.example\r\n",
    "origin: null\r\n",
    "sec-fetch-site: cross-site\r\n",
    "host: evil.example\r\n",
    "sec-fetch-site: same-site\r\n",
    "origin: http://localhost.evil.example\r\n",
)
ODD_REQUESTS = (
    b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9223372036854775808\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n" + b"1;x=y\r\n \r\n" * 5000,
    b"GET /" + b"a" * 70_000,
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 5000,
    b"\0" * 1000,
    b"\x16\x03\x01\x02\0",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /v1/models/" + b"%00%ff%2e" * 500 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
)


@functools.cache
def many_parts(form):
    """Return a path and a body of a million small parts, or of fewer if the body would be too large."""
    prefix, part, suffix, path = FORMS[form]
    count = (BYTES_MAX - len(prefix) - len(suffix)) // (len(part) + 1)
    return "/v1/" + path, prefix + b",".join([part] * min(count, PARTS_MAX)) + suffix
