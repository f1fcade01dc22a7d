"""A provider has a token limit for each request, and callers of the same dialect write a larger number in another form
that the provider accepts: as a string, with an exponent, with a decimal point, or twice. The provider never receives
a larger number than its token limit, or the request is rejected."""

from kit import Gateway, Upstream, check, done, provider

upstream = Upstream()
gateway = Gateway(
    provider("g", upstream, dialect="gemini", models=["g"], max_tokens_limit=100),
    provider("o", upstream, dialect="ollama", models=["o"], max_tokens_limit=100),
)


def verify(label, path, body, read):
    """Send a request, and check the limit that `read` finds in the upstream request."""
    before = len(upstream.posts)
    got = gateway.post(path, body)
    if len(upstream.posts) == before:
        return check(got.status == 400, label + ": rejected", got)
    limit = read(upstream.posts[-1].json)
    check(float(limit) <= 100 and b"5000" not in upstream.posts[-1].body, label, upstream.posts[-1].body)


CONTENTS = b'{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{%s}}'
CHAT = b'{"model":"o","stream":false,"messages":[{"role":"user","content":"hi"}],"options":{%s}}'
for number in (b"5000", b'"5000"', b"5e3", b"5000.0", b"99999999999999999999"):
    verify(
        "Gemini, %s" % number.decode(),
        "/v1beta/models/g:generateContent",
        CONTENTS % (b'"maxOutputTokens":' + number),
        lambda limit: limit["generationConfig"]["maxOutputTokens"],
    )
    verify(
        "Ollama, %s" % number.decode(),
        "/api/chat",
        CHAT % (b'"num_predict":' + number),
        lambda limit: limit["options"]["num_predict"],
    )
verify(
    "Gemini, twice",
    "/v1beta/models/g:generateContent",
    CONTENTS % b'"maxOutputTokens":5000,"maxOutputTokens":5',
    lambda limit: limit["generationConfig"]["maxOutputTokens"],
)
verify(
    "Ollama, twice",
    "/api/chat",
    CHAT % b'"num_predict":5000,"num_predict":5',
    lambda limit: limit["options"]["num_predict"],
)
done()
