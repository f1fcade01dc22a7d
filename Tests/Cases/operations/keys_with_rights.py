"""A key with a name may use one model and has no right to see the costs. It gets 403 for another model, for the costs, for a
reload, and for a high priority, sees only its model in the list, and is told its limits by `/v1/keys/me`."""

from kit import Gateway, Upstream, check, done, provider, table, text_reply

upstream = Upstream(text_reply("hi"), models=("small", "large"))
gateway = Gateway(
    provider("up", upstream),
    table("[[keys]]", name="intern", key="sk-intern", models=["small"]),
    table("[[keys]]", name="boss", key="sk-boss", rights=["admin"]),
    table("[[limits]]", names=["intern"], requests_per_minute=2),
)
intern = {"authorization": "Bearer sk-intern"}
boss = {"authorization": "Bearer sk-boss"}
check(gateway.chat("small", headers=intern).status == 200, "its model is answered")
other = gateway.chat("large", headers=intern)
check(other.status == 403 and "permission_denied" in other.text, "another model is a 403", other)
check(len(upstream.posts) == 1, "which does not reach the provider", len(upstream.posts))
listed = [model["id"] for model in gateway.get("/v1/models", headers=intern).json["data"]]
check(listed == ["small"], "the list has its model only", listed)
for method, path in (("GET", "/v1/costs"), ("POST", "/v1/costs/reset"), ("POST", "/v1/admin/reload"), ("GET", "/v1/events/recent")):
    got = gateway.request(method, path, headers=intern)
    check(got.status == 403, path + " is a 403", got)
urgent = gateway.chat("small", headers={**intern, "x-priority": "critical"})
check(urgent.status == 403, "a high priority is a 403", urgent)
check(gateway.chat("small", headers=intern).status == 200, "a second request is answered")
third = gateway.chat("small", headers=intern)
check(third.status == 429 and 50 <= int(third.headers.get("retry-after", 0)) <= 61, "a third has to wait a minute", third)
own = gateway.get("/v1/keys/me", headers=intern).json
check(own["allowances"][0]["used"] == 2, "the key is told what it has used", own)
costs = gateway.get("/v1/costs", headers=boss).json
check(costs["total_requests"] == 2, "the right admin shows the costs", costs)
check([caller["name"] for caller in costs["callers"]] == ["intern"], "by caller", costs)
done()
