"""An agent has tools without arguments, whose schema is `{"type":"object"}` or `{}`, and the model is OpenAI's.
Translation adds `type` and `properties`, which OpenAI requires, so that the request succeeds."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def answer(request):
    for tool in request.json["tools"]:
        schema = tool["function"]["parameters"]
        if schema.get("type") != "object" or "properties" not in schema:
            return error_reply(400, "object schema missing properties", type="invalid_request_error")
    return reply(completion("Hi"))


gateway = Gateway(provider("up", Upstream(answer, ["gpt-4.1"]), type="OpenAi", api_key="sk-test"))
for schema in ({"type": "object"}, {}):
    got = gateway.post(
        "/v1/messages",
        {
            "model": "gpt-4.1",
            "max_tokens": 64,
            "messages": [{"role": "user", "content": "go"}],
            "tools": [{"name": "list_regions", "input_schema": schema}],
        },
    )
    check(got.status == 200, "schema %s" % schema, got)
done()
