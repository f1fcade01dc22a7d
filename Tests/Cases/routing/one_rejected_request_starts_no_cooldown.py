"""A provider rejects one request: the prompt is flagged or the project has no access to the model (403), or the request
asks for more tokens than the credit allows (402). The caller gets the provider's message, and the next requests of
other callers still go to that provider."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply

REJECTIONS = {
    "a flagged prompt": (403, "the prompt was flagged by moderation", {"code": 403}),
    "a model without access": (403, "the project has no access to this model", {"code": "model_not_found"}),
    "too many tokens": (402, "insufficient credits: reduce max_tokens", {"code": 402}),
}
for label, (status, message, members) in REJECTIONS.items():

    def answer(request):
        return error_reply(status, message, **members) if b"reject me" in request.body else reply(completion("first"))

    upstream = Upstream(answer)
    gateway = Gateway(provider("first", upstream, api_key="key-1"))
    got = gateway.chat(text="reject me")
    check(got.status >= 400 and message in got.text, label + ": the caller gets the message", got)
    gateway.stop()

    gateway = Gateway(
        provider("first", upstream, api_key="key-1", priority=1), provider("second", Upstream(), priority=2)
    )
    check(gateway.chat().content == "first", label + ": the first provider answers before the rejection")
    gateway.chat(text="reject me")
    got = gateway.chat()
    check(got.content == "first", label + ": the first provider answers after the rejection", got)
    gateway.stop()
done()
