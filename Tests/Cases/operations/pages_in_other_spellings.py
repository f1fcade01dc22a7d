"""A foreign web page reaches the gateway on the same machine in other ways than by an image: with a form, a preload,
an event source, a `Sec-Fetch-Site` in another spelling or sent twice, or the origin `null`. hoosh rejects each
request and sends nothing to a provider."""

import json

from kit import Gateway, Upstream, check, done, provider, server

upstream = Upstream()
gateway = Gateway(server(models_cache_secs=0), provider("up", upstream))
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}]}).encode()
HEADERS = {
    "a form": "content-type: text/plain\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\n",
    "a form of an old browser": "content-type: text/plain\r\norigin: null\r\n",
    "capital letters": "sec-fetch-site: Cross-Site\r\n",
    "an unknown value": "sec-fetch-site: cross-origin\r\n",
    "an empty value": "sec-fetch-site: \r\nsec-fetch-mode: no-cors\r\n",
    "twice, with a good value first": "sec-fetch-site: none\r\nsec-fetch-site: cross-site\r\n",
    "twice, with a good value last": "sec-fetch-site: cross-site\r\nsec-fetch-site: same-origin\r\n",
    "a list": "sec-fetch-site: none, cross-site\r\n",
    "the gateway's name in the origin": "origin: http://localhost.evil.example\r\n",
    "two origins": "origin: http://127.0.0.1\r\norigin: https://evil.example\r\n",
    "a good site with a foreign origin": "sec-fetch-site: same-origin\r\norigin: https://evil.example\r\n",
}
for label, fields in HEADERS.items():
    for method, path in (
        ("POST", "/v1/chat/completions"),
        ("POST", "/api/chat"),
        ("GET", "/v1/events?since=0"),
        ("HEAD", "/v1/models"),
    ):
        before = len(upstream.requests)
        body = BODY if method == "POST" else b""
        kind = "" if "content-type" in fields or method != "POST" else "content-type: application/json\r\n"
        length = "content-length: %d\r\n" % len(body) if body else ""
        head = "%s %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n%s%s%s\r\n" % (
            method,
            path,
            fields,
            kind,
            length,
        )
        got = gateway.send(head.encode() + body, timeout=2)
        check(got.status in (400, 403, 415), "%s, %s %s: rejected" % (label, method, path), got.status)
        check(len(upstream.requests) == before, "%s, %s %s: no provider receives a request" % (label, method, path))
done()
