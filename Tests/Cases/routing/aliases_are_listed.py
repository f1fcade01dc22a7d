"""A configuration has an alias and virtual models, and a client lets its user choose from the model list. Aliases and
virtual models are in `/v1/models`, and `/v1/models/{id}` returns each."""

from kit import Gateway, Upstream, check, done, provider, table

gateway = Gateway(
    provider("up", Upstream(models=["m1", "m2"])),
    table("[[aliases]]", name="fast", model="m1"),
    table("[[virtual_models]]", name="best", targets=["m2", "m1"]),
    table("[[virtual_models]]", name="pooled", targets=["up/m1", "up/m2"], pool=True),
)
listed = gateway.models()
for name in ("fast", "best", "pooled"):
    check(gateway.chat(name).status == 200, name + " is answered")
    check(name in listed, name + " is listed", listed)
    got = gateway.get("/v1/models/" + name)
    check(got.status == 200 and got.json["id"] == name, name + " is returned by its ID", got)
tags = [model["name"] for model in gateway.get("/api/tags").json["models"]]
check({"fast", "best", "pooled"} <= set(tags), "`/api/tags` lists them", tags)
done()
