"""A server on this machine is configured as `OpenAiCompatible`, and another machine runs llama.cpp. The address of a
provider decides whether it is local, for `local_first` and for its price, and its provider type does not."""

from kit import Gateway, Upstream, check, done, provider, server, table

near = Upstream()
FAR = "http://192.0.2.1:8080"  # An address that is reserved for documentation.


def candidates(gateway):
    return {
        candidate["provider"]: candidate
        for candidate in gateway.post(
            "/v1/route/explain", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        ).json["candidates"]
    }


for label, address, kind in (
    ("OpenAiCompatible at 127.0.0.1", near.url, "OpenAiCompatible"),
    ("OpenAiCompatible at localhost", "http://localhost:%d" % near.port, "OpenAiCompatible"),
    ("LlamaCpp at 127.0.0.1", near.url, "LlamaCpp"),
):
    gateway = Gateway(provider("near", address, type=kind))
    check(candidates(gateway)["near"]["local"], label + " is local")
    gateway.stop()
for kind in ("LlamaCpp", "Ollama", "Vllm"):
    gateway = Gateway(provider("far", FAR, type=kind))
    check(not candidates(gateway)["far"]["local"], kind + " on another machine is not local")
    gateway.stop()

far = provider("far", FAR, type="LlamaCpp", priority=1)
for label, tables in (
    ("local_first", [server(local_first=True), provider("near", near, priority=2)]),
    (
        "cheapest",
        [
            server(strategy="cheapest"),
            provider("near", near, priority=1),
            table("[[models]]", name="m", input_usd_per_million=3, output_usd_per_million=3),
        ],
    ),
):
    gateway = Gateway(tables[0], far, *tables[1:])
    verdicts = {name: candidate["verdict"] for name, candidate in candidates(gateway).items()}
    check(verdicts["near"] == "chosen", label + ": the provider on this machine is chosen", verdicts)
    gateway.stop()
done()
