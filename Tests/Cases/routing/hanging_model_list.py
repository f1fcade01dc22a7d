"""One of two providers accepts connections and never answers the request for its models. The model list contains the
other provider's models within three seconds, and requests for them do not wait for the hanging one."""

from kit import Gateway, Upstream, check, done, provider, server, text_reply

hanging = Upstream(listing=lambda request: [30, None])
working = Upstream(text_reply("working"), ["m1", "m2"])
gateway = Gateway(server(models_timeout_secs=1), provider("hanging", hanging), provider("working", working))
got = gateway.get("/v1/models")
check(got.seconds < 3, "the model list arrives within 3 s", "%.1f s" % got.seconds)
check([model["id"] for model in got.json["data"]] == ["m1", "m2"], "it contains the other provider's models", got)
got = gateway.chat("m1")
check(got.status == 200 and got.content == "working", "a listed model is answered", got)
check(got.seconds < 3, "a listed model is answered within 3 s", "%.1f s" % got.seconds)
done()
