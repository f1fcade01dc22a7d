"""A caller of OpenAI's dialect sends a recording to a Gemini model that supports audio. A recording in OpenAI's dialect
reaches Gemini as inline data."""

from kit import Gateway, Upstream, check, done, provider

DATA = "UklGRiQAAABXQVZFZm10IBAAAAABAAEA"
upstream = Upstream(models=["gemini-2.5-flash"])
gateway = Gateway(provider("google", upstream, type="Google", api_key="AIza-test"))
answer = gateway.post(
    "/v1/chat/completions",
    {
        "model": "gemini-2.5-flash",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is said?"},
                    {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
                ],
            }
        ],
    },
)
check(answer.status == 200, "the request succeeds", answer)
parts = upstream.bodies[-1]["contents"][0]["parts"] if upstream.bodies else []
recordings = [(part["inlineData"]["mimeType"], part["inlineData"]["data"]) for part in parts if "inlineData" in part]
check(recordings == [("audio/wav", DATA)], "the recording arrives", parts)
done()
