"""A caller sends an image as `data:image/jpg`, which many programs write and Anthropic rejects. `image/jpg` is sent as
`image/jpeg`, so that the request succeeds."""

from kit import Gateway, Upstream, anthropic_message, check, done, provider, reply

KNOWN = ("image/jpeg", "image/png", "image/gif", "image/webp")


def answer(request):
    types = [
        block["source"]["media_type"]
        for message in request.json["messages"]
        for block in message["content"]
        if block["type"] == "image"
    ]
    if [kind for kind in types if kind not in KNOWN]:
        return reply(
            {"type": "error", "error": {"type": "invalid_request_error", "message": "unknown media_type"}}, 400
        )
    return reply(anthropic_message("A cat."))


gateway = Gateway(provider("up", Upstream(answer, ["claude-sonnet-4-5"]), type="Anthropic", api_key="sk-ant-test"))
got = gateway.post(
    "/v1/chat/completions",
    {
        "model": "claude-sonnet-4-5",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,/9j/4AAQSkZJRg=="}},
                ],
            }
        ],
    },
)
check(got.status == 200, "the request succeeds", got)
done()
