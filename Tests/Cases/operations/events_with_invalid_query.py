"""A program requests events since a number, and by mistake sends a word in place of it. A query parameter that is not a
number is a 400 instead of being ignored."""

from kit import Gateway, Upstream, check, done, provider

gateway = Gateway(provider("up", Upstream()))
gateway.chat()
for path in ("/v1/events/recent?since=abc", "/v1/events?since=abc", "/v1/events/recent?limit=many"):
    got = gateway.get(path, timeout=2)
    check(got.status == 400, path, got)
got = gateway.get("/v1/events/recent?since=0&limit=5")
check(got.status == 200 and got.json["events"], "numbers are accepted", got)
done()
