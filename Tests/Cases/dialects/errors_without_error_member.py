"""A provider responds to a streaming request with an error that has no `error` member, or with only `[DONE]`. Callers
receive an error with the provider's message, if there is one, and no empty success."""

from kit import Gateway, Upstream, check, done, provider, sse_stream

FORMS = {
    "an object named error": [
        {
            "object": "error",
            "message": "maximum context length exceeded",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        }
    ],
    "an error message beside null choices": [
        {
            "id": "x",
            "choices": None,
            "error_type": "BadRequestError",
            "error_message": "maximum context length exceeded",
        }
    ],
    "an empty stream": [],
}
for form, items in FORMS.items():
    gateway = Gateway(provider("up", Upstream(lambda request: sse_stream(*items))))
    for label, path in (("chat completions", "/v1/chat/completions"), ("Messages", "/v1/messages")):
        response = gateway.post(
            path, {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "go"}]}
        )
        message = "maximum context length exceeded" if items else ""
        check(response.error and message in response.error, "%s, %s: an error" % (form, label), response)
    gateway.stop()
done()
