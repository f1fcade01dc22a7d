"""A client has a base URL with a trailing slash and appends a path that begins with one. Chat completions and the model
list accept a double slash in their paths."""

from kit import Gateway, Upstream, check, done, provider

gateway = Gateway(provider("up", Upstream()))
body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
for path in ("//v1/chat/completions", "/v1//chat/completions"):
    got = gateway.post(path, body)
    check(got.status == 200, path, got)
for path in ("//v1/models", "/v1//models"):
    got = gateway.get(path)
    check(got.status == 200, path, got)
done()
