"""An OpenAI model refuses: its response has a `refusal` in place of content, streaming or non-streaming. Callers of
other dialects receive a refusal as one, by its stop reason or part type, and not as a normal response."""

from kit import Gateway, Upstream, chat_chunk, check, completion, done, provider, reply, sse_stream

REFUSAL = "I can't help with that."


def answer(request):
    if request.json.get("stream"):
        return sse_stream(
            chat_chunk({"role": "assistant", "content": None, "refusal": ""}),
            chat_chunk({"refusal": REFUSAL[:8]}),
            chat_chunk({"refusal": REFUSAL[8:]}),
            chat_chunk(finish="stop"),
        )
    return reply(completion({"refusal": REFUSAL}))


gateway = Gateway(provider("up", Upstream(answer)))
for streaming in (False, True):
    label = "streaming" if streaming else "non-streaming"

    got = gateway.post(
        "/v1/messages",
        {"model": "m", "max_tokens": 64, "stream": streaming, "messages": [{"role": "user", "content": "go"}]},
    )
    ends = (
        [value["delta"] for value in got.objects if value.get("type") == "message_delta"] if streaming else [got.json]
    )
    check(
        [end["stop_reason"] for end in ends] == ["refusal"],
        label + ", Messages: the stop reason",
        [end["stop_reason"] for end in ends],
    )

    got = gateway.post("/v1/responses", {"model": "m", "stream": streaming, "input": "go"})
    response = (
        [value["response"] for value in got.objects if value.get("type") == "response.completed"][-1]
        if streaming
        else got.json
    )
    parts = [part for item in response["output"] for part in item["content"]]
    check(
        [(part["type"], part.get("refusal")) for part in parts] == [("refusal", REFUSAL)],
        label + ", Responses: a refusal part",
        parts,
    )

    got = gateway.post(
        "/v1beta/models/m:" + ("streamGenerateContent?alt=sse" if streaming else "generateContent"),
        {"contents": [{"role": "user", "parts": [{"text": "go"}]}]},
    )
    reasons = [
        candidate["finishReason"]
        for value in (got.objects if streaming else [got.json])
        for candidate in value["candidates"]
        if candidate.get("finishReason")
    ]
    check(reasons == ["SAFETY"], label + ", Gemini's dialect: the finish reason", reasons)
done()
