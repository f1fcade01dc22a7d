"""A provider's own model ID begins with the provider's name, such as `groq/compound` at groq. A model ID with its
provider's name as a prefix is listed unchanged and answered, and `PROVIDER/MODEL` still works for other models."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply

IDS = ["groq/compound", "llama-3.3-70b-versatile"]


def answer(request):
    model = request.json["model"]
    return (
        reply(completion("from " + model))
        if model in IDS
        else error_reply(404, "model `%s` not found" % model, code="model_not_found")
    )


gateway = Gateway(provider("groq", Upstream(answer, IDS), type="Groq", api_key="gsk-test"))
listed = gateway.models()
check(listed == IDS, "the IDs are listed", listed)
for model in (*IDS, "groq/llama-3.3-70b-versatile", "groq/groq/compound"):
    got = gateway.chat(model)
    check(got.status == 200, model + " is answered", got)
done()
