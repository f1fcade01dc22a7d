"""A tool result contains half of a surrogate pair, as programs produce when they truncate a text, and the provider is
strict. Translation replaces half of a surrogate pair by U+FFFD, so that the request succeeds."""

import json

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def answer(request):
    try:
        json.dumps(request.json, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return error_reply(400, "lone surrogate in a string", type="invalid_request_error")
    return reply(completion("Hi"))


upstream = Upstream(answer, ["gpt-4.1"])
gateway = Gateway(provider("up", upstream, type="OpenAi", api_key="sk-test"))
got = gateway.post(
    "/v1/messages", rb'{"model":"gpt-4.1","max_tokens":64,"messages":[{"role":"user","content":"box \ud83d cut"}]}'
)
check(got.status == 200, "the request succeeds", got)
check("box \ufffd cut" in str(upstream.bodies), "the rest of the text arrives", ascii(upstream.bodies))
done()
