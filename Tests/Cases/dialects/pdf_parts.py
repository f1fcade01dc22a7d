"""A caller sends a PDF in its own dialect, and the model is one of Gemini's or Anthropic's, which accept PDFs. A PDF
reaches Gemini and Anthropic in the format of their own dialects."""

from kit import Gateway, Upstream, check, done, provider

DATA = "JVBERi0xLjQKJcOkw7zDtsOfCg=="
google, claude = Upstream(), Upstream()
gateway = Gateway(
    provider("google", google, type="Google", api_key="AIza-test", models=["gemini*"]),
    provider("anthropic", claude, type="Anthropic", api_key="sk-ant-test", models=["claude*"]),
)
url = "data:application/pdf;base64," + DATA
chat = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": url}},
        ],
    }
]
messages = [
    {
        "role": "user",
        "content": [
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": DATA}},
            {"type": "text", "text": "What is it?"},
        ],
    }
]
responses = [
    {
        "role": "user",
        "content": [
            {"type": "input_file", "filename": "a.pdf", "file_data": url},
            {"type": "input_text", "text": "What is it?"},
        ],
    }
]
contents = [
    {"role": "user", "parts": [{"inlineData": {"mimeType": "application/pdf", "data": DATA}}, {"text": "What is it?"}]}
]


def arrived_at_google():
    parts = google.bodies[-1]["contents"][0]["parts"] if google.bodies else []
    files = [part["inlineData"] for part in parts if "inlineData" in part]
    return [(file["mimeType"], file["data"]) for file in files] == [("application/pdf", DATA)]


def arrived_at_anthropic():
    blocks = claude.bodies[-1]["messages"][0]["content"] if claude.bodies else []
    files = [block["source"] for block in blocks if block["type"] == "document"]
    return [(file["type"], file["media_type"], file["data"]) for file in files] == [("base64", "application/pdf", DATA)]


for label, path, body, arrived in (
    (
        "Messages to Gemini",
        "/v1/messages",
        {"model": "gemini-2.5-flash", "max_tokens": 64, "messages": messages},
        arrived_at_google,
    ),
    (
        "chat completions to Gemini",
        "/v1/chat/completions",
        {"model": "gemini-2.5-flash", "messages": chat},
        arrived_at_google,
    ),
    (
        "chat completions to Anthropic",
        "/v1/chat/completions",
        {"model": "claude-sonnet-4-5", "messages": chat},
        arrived_at_anthropic,
    ),
    (
        "Responses to Anthropic",
        "/v1/responses",
        {"model": "claude-sonnet-4-5", "input": responses},
        arrived_at_anthropic,
    ),
    (
        "Gemini's dialect to Anthropic",
        "/v1beta/models/claude-sonnet-4-5:generateContent",
        {"contents": contents},
        arrived_at_anthropic,
    ),
):
    google.requests.clear()
    claude.requests.clear()
    answer = gateway.post(path, body)
    check(answer.status == 200 and arrived(), label, answer)
done()
