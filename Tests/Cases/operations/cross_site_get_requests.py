"""A foreign web page loads images from the gateway on the same machine: browsers send no `Origin` with these, but
`Sec-Fetch-Site: cross-site`. hoosh rejects the request and sends nothing to a provider."""

from kit import Gateway, Upstream, check, done, provider, server

upstream = Upstream()
gateway = Gateway(server(models_cache_secs=0), provider("up", upstream, api_key="sk-test"))
HEADERS = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image", "referer": "https://evil.example/"}
for path in ("/v1/models", "/api/tags", "/v1beta/models", "/v1/hardware", "/v1/status", "/v1/events/recent"):
    for site in ("cross-site", "same-site"):
        before = len(upstream.requests)
        got = gateway.get(path, {**HEADERS, "sec-fetch-site": site})
        check(got.status == 403, "%s, %s: rejected" % (path, site), got.status)
        check(len(upstream.requests) == before, "%s, %s: no provider receives a request" % (path, site))
for fields in ({}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}):
    check(gateway.get("/v1/models", fields).status == 200, "a request without a foreign page: %s" % fields)
done()
