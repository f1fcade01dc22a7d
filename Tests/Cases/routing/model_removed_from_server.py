"""A user deletes one model from a local server and adds another, while the gateway runs. The model list and the routes
follow within two refresh intervals, without a restart."""

from kit import Gateway, Upstream, check, done, provider, server, wait_until

upstream = Upstream(models=["old", "kept"])
gateway = Gateway(
    server(models_refresh_secs=1, models_cache_secs=0),
    provider("up", upstream, type="LlamaCpp"),
    # The only provider of a configuration gets every name.
    provider("other", Upstream(), models=["other"]),
)
check(gateway.models() == ["old", "kept"], "both models are listed at the start", gateway.models())
check(gateway.chat("old").status == 200, "the old model is answered at the start")
upstream.models[:] = ["kept", "new"]
check(wait_until(lambda: gateway.models() == ["kept", "new"], 3, 0.2), "the list follows", gateway.models())
check(wait_until(lambda: gateway.chat("new").status == 200, 3, 0.2), "the new model is answered", gateway.chat("new"))
check(wait_until(lambda: gateway.chat("old").status == 404, 3, 0.2), "the old model is a 404", gateway.chat("old"))
check(gateway.chat("kept").status == 200, "the other model is still answered")
done()
