"""A client has a base URL with `/v1` and appends its own, or has none at all. Chat completions and Messages accept
paths with `/v1` once, twice, and not at all."""

from kit import Gateway, Upstream, check, done, provider

gateway = Gateway(provider("up", Upstream()))
body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "go"}]}
for path in (
    "/v1/chat/completions",
    "/v1/v1/chat/completions",
    "/chat/completions",
    "/v1/messages",
    "/v1/v1/messages",
    "/messages",
):
    got = gateway.post(path, body)
    check(got.status == 200, path, got)
done()
