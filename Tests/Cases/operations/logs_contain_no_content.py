"""Requests succeed, fail, and are rejected, with the access log on. Neither standard error, the events, nor the status
contain a prompt, a response, or an API key."""

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, error_reply, provider, table, text_reply

PROMPT, OUTPUT, UPSTREAM_KEY = "CANARY-prompt-of-a-caller", "CANARY-output-of-a-model", "CANARY-key-of-a-provider"


def answer(request):
    if b"fail" in request.body:
        return error_reply(400, "bad request: %s, key %s" % (PROMPT, UPSTREAM_KEY))
    return text_reply(OUTPUT)(request)


for format in ("json", "text"):
    gateway = Gateway(
        auth(KEY), provider("up", Upstream(answer), api_key=UPSTREAM_KEY), table("[access_log]", format=format)
    )
    for stream in (False, True):
        check(OUTPUT in gateway.chat(text=PROMPT, headers=BEARER, stream=stream).text, format + ": a request succeeds")
        got = gateway.chat(text="fail " + PROMPT, headers=BEARER, stream=stream)
        check(got.status == 400, format + ": a request fails", got)
        check(gateway.chat(text=PROMPT, stream=stream).status == 401, format + ": a request is rejected")
    got = gateway.post("/v1/chat/completions", b'{"model": "' + PROMPT.encode(), BEARER)
    check(got.status == 400, format + ": an incomplete body is rejected", got)
    outputs = {
        path: gateway.get(path, BEARER).text
        for path in ("/v1/events/recent?limit=100", "/v1/status", "/v1/health/providers", "/v1/queue/status")
    }
    gateway.stop()
    outputs["standard error"] = gateway.stderr_text()
    check(
        "/v1/chat/completions" in outputs["standard error"] or "chat" in outputs["standard error"], format + ": entries"
    )
    for where, text in outputs.items():
        for what, secret in (("prompt", PROMPT), ("output", OUTPUT), ("API key", UPSTREAM_KEY), ("key", KEY)):
            check(secret not in text, "%s: no %s in %s" % (format, what, where), text[:300])
done()
