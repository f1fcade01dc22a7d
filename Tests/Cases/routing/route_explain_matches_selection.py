"""An operator runs `hoosh route MODEL`, or sends POST /v1/route/explain with only a model. The provider that `hoosh
route` names is the one that gets the next request, also with the strategy `cheapest`."""

from kit import Gateway, Upstream, check, command, done, provider, server, table

prices = [
    table("[[models]]", name="m", provider=name, input_usd_per_million=price, output_usd_per_million=price)
    for name, price in (("expensive", 3), ("cheap", 1))
]
for strategy in ("cheapest", "priority", "round_robin", "least_in_flight"):
    gateway = Gateway(
        server(strategy=strategy), provider("expensive", Upstream()), provider("cheap", Upstream()), *prices
    )
    for _ in range(3):
        explained = [
            candidate["provider"]
            for candidate in gateway.post("/v1/route/explain", {"model": "m"}).json["candidates"]
            if candidate["verdict"] == "chosen"
        ]
        printed = [
            line.split("/")[0]
            for line in command("route", "m", "--server", "http://127.0.0.1:%d" % gateway.port).out.splitlines()
            if ": chosen." in line
        ]
        selected = [gateway.chat().headers.get("x-served-by", "").split("/")[0]]
        check(
            explained == printed == selected,
            strategy,
            "explain: %s, hoosh route: %s, selected: %s" % (explained, printed, selected),
        )
    gateway.stop()
done()
