"""A provider's base URL ends in a version or in another path, such as `/api/paas/v4` or `/inference`. Chat requests go
to the path directly below the base URL, and to `/v1` if the URL has no path."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply

for base_path in ("/api/paas/v4", "/api/v3", "/v1/openai", "/v1beta/openai", "/inference", "/v1", ""):
    expected = (base_path or "/v1") + "/chat/completions"
    upstream = Upstream(
        lambda request: reply(completion("hi")) if request.path == expected else error_reply(404, "path not found")
    )
    gateway = Gateway(provider("up", upstream.url + base_path))
    got = gateway.chat()
    check(got.status == 200, base_path or "no path", [request.path for request in upstream.posts])
    gateway.stop()
done()
