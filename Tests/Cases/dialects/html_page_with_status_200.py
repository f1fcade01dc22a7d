"""A captive portal responds in place of the provider, with an HTML page and status 200. An HTML page with status 200 is
a 502 for the caller, streaming and non-streaming."""

from kit import Gateway, Upstream, check, done, provider, reply

upstream = Upstream(
    lambda request: reply(
        b"<!DOCTYPE html><html><title>Sign in</title></html>", content_type="text/html; charset=utf-8"
    )
)
gateway = Gateway(provider("up", upstream), "[retry]\nmax_retries = 0\n")
for path in ("/v1/chat/completions", "/v1/messages"):
    for streaming in (False, True):
        got = gateway.post(
            path, {"model": "m", "max_tokens": 9, "stream": streaming, "messages": [{"role": "user", "content": "go"}]}
        )
        check(got.status == 502, path + (", streaming" if streaming else ""), got)
done()
