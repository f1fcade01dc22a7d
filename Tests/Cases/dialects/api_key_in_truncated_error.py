"""A provider repeats the gateway's API key in a long error, at the position where the text is truncated for the caller.
No part of the gateway's API key reaches the caller in an error, not even its first half."""

from kit import Gateway, Upstream, check, done, error_reply, provider, reply, table

KEY = "Zq7provkeyWITHOUTprefix0123456789abcdefXYZ"
CURRENT = {}
gateway = Gateway(
    table("[breaker]", consecutive_failures_max=0),
    table("[retry]", max_retries=0),
    provider("up", Upstream(lambda request: CURRENT["answer"]), api_key=KEY),
)


def longest(text):
    """Return the length of the longest part of the key in a text."""
    parts = (KEY[start:end] for start in range(len(KEY)) for end in range(start + 1, len(KEY) + 1))
    return max((len(part) for part in parts if part in text), default=0)


def verify(label, answer):
    CURRENT["answer"] = answer
    got = gateway.chat()
    check(got.status >= 400, label + ": an error", got)
    check(longest(got.text) < 12, label + ": fewer than 12 consecutive characters of the key", longest(got.text))


verify("in the middle", error_reply(400, "invalid API key: %s" % KEY))
for before in (280, 1970, 1990):
    verify("a message, after %d bytes" % before, error_reply(400, "x" * before + KEY))
for before in (255, 270, 285):
    verify("plain text, after %d bytes" % before, reply(b"x" * before + KEY.encode(), 500, "text/plain"))
for before in (4030, 4060, 4085):
    body = b'{"error":{"message":"m"},"x":"'
    verify("a body, after %d bytes" % before, reply(body + b"y" * (before - len(body)) + KEY.encode() + b'"}', 400))
done()
