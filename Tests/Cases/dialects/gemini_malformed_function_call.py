"""Gemini ends a response with the finish reason MALFORMED_FUNCTION_CALL and no content. The finish reason
MALFORMED_FUNCTION_CALL is an error, which agents retry, and not an empty success."""

from kit import Gateway, Upstream, check, done, provider, reply, sse_stream

malformed = {
    "candidates": [
        {
            "content": {"role": "model"},
            "finishReason": "MALFORMED_FUNCTION_CALL",
            "index": 0,
            "finishMessage": "Malformed function call",
        }
    ],
    "usageMetadata": {"promptTokenCount": 9},
}
upstream = Upstream(
    lambda request: sse_stream(malformed, done=False) if "stream" in request.path else reply(malformed),
    ["gemini-2.5-flash"],
)
gateway = Gateway(provider("up", upstream, type="Google", api_key="AIza-test"))
for streaming in (False, True):
    got = gateway.chat("gemini-2.5-flash", stream=streaming)
    check(got.status >= 500, "streaming" if streaming else "non-streaming", got)
done()
