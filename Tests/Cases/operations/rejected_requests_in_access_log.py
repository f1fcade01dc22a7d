"""hoosh rejects requests before it selects a provider: without a key, with an unknown path, or with a wrong method or
host. Each rejected request has an access log entry with its status and the requested path."""

import json

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, provider, table, wait_until

gateway = Gateway(provider("up", Upstream()), auth(KEY), table("[access_log]", format="json"))


def entries():
    return [json.loads(line) for line in gateway.stderr_text().splitlines() if line.startswith("{")]


for label, send, status, path in (
    ("without a key", lambda: gateway.chat(), 401, "/v1/chat/completions"),
    ("an unknown path", lambda: gateway.post("/v1/nothing/here", {}, BEARER), 404, "/v1/nothing/here"),
    ("a wrong method", lambda: gateway.get("/v1/chat/completions", BEARER), 405, "/v1/chat/completions"),
    ("a wrong host", lambda: gateway.get("/v1/models", {**BEARER, "host": "elsewhere.example"}), 421, "/v1/models"),
    (
        "a wrong origin",
        lambda: gateway.chat(headers={**BEARER, "origin": "https://elsewhere.example"}),
        403,
        "/v1/chat/completions",
    ),
    ("invalid JSON", lambda: gateway.post("/v1/chat/completions", b"{bad", BEARER), 400, "/v1/chat/completions"),
):
    before = len(entries())
    got = send()
    check(got.status == status, "%s: a %d" % (label, status), got)
    entry = (wait_until(lambda: entries()[before:], 2) or [{}])[-1]
    check(entry.get("status") == status and entry.get("path") == path, label + ": its entry", entry)
done()
