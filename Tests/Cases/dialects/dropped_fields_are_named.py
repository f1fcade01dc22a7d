"""A caller of OpenAI's dialect sends fields that the provider's dialect does not have, or a temperature above its
maximum. Each omitted or changed field is named in `x-dropped-params`, and with `strict` the request is rejected
without an attempt."""

from kit import Gateway, Upstream, check, done, provider, server

TEXT = [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]
FIELDS = {
    "metadata": {"metadata": {"job": "nightly"}},
    "service_tier": {"service_tier": "flex"},
    "store": {"store": True},
    "prompt_cache_key": {"prompt_cache_key": "team-7"},
    "seed": {"seed": 5},
}
upstreams = {dialect: Upstream() for dialect in ("anthropic", "ollama", "gemini")}
providers = [provider(dialect, upstream, dialect=dialect) for dialect, upstream in upstreams.items()]
requests = [(dialect, field, members) for dialect in upstreams for field, members in FIELDS.items()]
requests = [
    request for request in requests if request[1] != "seed" or request[0] == "anthropic"
]  # The others have this parameter.
requests += [("anthropic", "temperature", {"temperature": 1.9})]
requests += [
    (dialect, "cache_control", {"messages": [{"role": "user", "content": TEXT}]}) for dialect in ("ollama", "gemini")
]

gateway = Gateway(*providers)
for dialect, field, members in requests:
    got = gateway.chat(dialect + "/m", **members)
    named = got.headers.get("x-dropped-params", "")
    check(
        got.status == 200 and field in named.replace(" ", "").split(","),
        "%s to %s is named" % (field, dialect),
        "%d, %s" % (got.status, named or "none"),
    )
gateway.stop()

gateway = Gateway(server(strict=True), *providers)
for dialect, field, members in requests:
    upstreams[dialect].requests.clear()
    got = gateway.chat(dialect + "/m", **members)
    check(
        got.status == 400 and field in got.text and not upstreams[dialect].posts,
        "%s to %s is rejected with strict" % (field, dialect),
        got,
    )
done()
