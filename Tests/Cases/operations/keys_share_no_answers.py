"""Two people with keys of their own ask the same, through a gateway that caches. Each gets an answer that was made for its own key:
what one asked does not show in the other's responses."""

from kit import Gateway, Upstream, check, done, provider, server, table, text_reply

upstream = Upstream(text_reply("hello there"))
gateway = Gateway(
    server(),
    provider("up", upstream),
    table("[[keys]]", name="a", key="sk-a"),
    table("[[keys]]", name="b", key="sk-b"),
    table("[cache]", enabled=True, temperature_max=1),
)
chat = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
found = [
    gateway.post("/v1/chat/completions", chat, headers={"authorization": "Bearer sk-" + name}).headers.get("x-cache")
    for name in ("a", "a", "b", "b")
]
check(found == ["miss", "hit", "miss", "hit"], "each key has its own answers", found)
check(len(upstream.posts) == 2, "the provider is asked once for each", len(upstream.posts))
stats = gateway.get("/v1/cache/stats", headers={"authorization": "Bearer sk-a"})
check(stats.status == 200, "the counts are visible", stats)
emptied = gateway.request("DELETE", "/v1/cache", headers={"authorization": "Bearer sk-a"})
check(emptied.status == 403, "a key without the right does not empty the cache", emptied)
done()
