"""A provider has a token limit for each request, and callers write a larger number under another name of the same
field: with escapes, in the spelling of an SDK, or in a second object. They also ask for more answers than hoosh
allows. The provider never receives a larger number than these limits, or the request is rejected."""

import json

from kit import Gateway, Upstream, check, done, provider

LIMITS = {
    "max_tokens": 100,
    "max_completion_tokens": 100,
    "max_output_tokens": 100,
    "maxOutputTokens": 100,
    "num_predict": 100,
}
LIMITS.update({"n": 8, "best_of": 8, "candidateCount": 8, "candidate_count": 8})
upstream = Upstream()
gateway = Gateway(
    *[
        provider(name, upstream, dialect=name, models=[name], max_tokens_limit=100)
        for name in ("openai", "anthropic", "gemini", "ollama")
    ]
)
MESSAGES = '"messages":[{"role":"user","content":"hi"}]'
CONTENTS = '"contents":[{"parts":[{"text":"hi"}]}]'


def verify(label, path, body):
    """Send a request, and check every limit in the upstream request, however deep and however often it occurs."""
    before = len(upstream.posts)
    got = gateway.post(path, body.encode())
    if len(upstream.posts) == before:
        return check(got.status == 400, label + ": rejected", got)
    pairs = []
    json.loads(upstream.posts[-1].body, object_pairs_hook=lambda found: pairs.extend(found) or dict(found))
    for key, value in pairs:
        if key in LIMITS:
            number = float(value) if isinstance(value, (int, float, str)) and str(value) else 0
            check(number <= LIMITS[key], "%s: %s" % (label, key), upstream.posts[-1].body[-200:])
    check(True, label + ": an answer or a rejection")


for number in ("5000", '"5000"', "5e3", "50000e-1"):
    chat = '{"model":"%s","stream":false,' + MESSAGES + ",%s}"
    for name in ("max_tokens", "max\\u005ftokens", "max_completion_tokens", "max_completion_token\\u0073"):
        for model in ("openai", "anthropic", "gemini", "ollama"):
            verify(
                "%s to %s, %s" % (name, model, number),
                "/v1/chat/completions",
                chat % (model, '"%s":%s' % (name, number)),
            )
    verify(
        "both names, %s" % number,
        "/v1/chat/completions",
        chat % ("openai", '"max_tokens":5,"max_completion_tokens":' + number),
    )
    verify(
        "both names, the other way, %s" % number,
        "/v1/chat/completions",
        chat % ("openai", '"max_completion_tokens":5,"max_tokens":' + number),
    )
    verify("Messages, %s" % number, "/v1/messages", chat % ("anthropic", '"max_tokens":' + number))
    verify("Messages with escapes, %s" % number, "/v1/messages", chat % ("anthropic", '"m\\u0061x_tokens":' + number))
    verify("Responses, %s" % number, "/v1/responses", '{"model":"openai","input":"hi","max_output_tokens":%s}' % number)
    for model in ("ollama", "openai"):
        verify(
            "Ollama to %s with escapes, %s" % (model, number),
            "/api/chat",
            chat % (model, '"option\\u0073":{"num\\u005fpredict":%s}' % number),
        )
        verify(
            "two objects to %s, %s" % (model, number),
            "/api/chat",
            chat % (model, '"options":{"num_predict":%s},"options":{"num_predict":5}' % number),
        )
        verify(
            "generate to %s, %s" % (model, number),
            "/api/generate",
            '{"model":"%s","prompt":"hi","stream":false,"options":{"num_predict":%s}}' % (model, number),
        )
    for model in ("gemini", "openai"):
        path = "/v1beta/models/%s:generateContent" % model
        for group in (
            '"generationConfig":{"max_output_tokens":%s}',
            '"generation_config":{"maxOutputTokens":%s}',
            '"generation_config":{"max_output_tokens":%s}',
            '"generationConfig":{"maxOutputTokens":%s},"generation_config":{"max_output_tokens":5}',
            '"generationConfig":{"maxOutputTokens":5},"generation_config":{"max_output_tokens":%s}',
            '"generation\\u0043onfig":{"max\\u004futputTokens":%s}',
            '"generationConfig":{"candidate_count":%s}',
            '"generationConfig":{"candidateCount":%s}',
        ):
            verify("%s to %s" % (group % number, model), path, "{" + CONTENTS + "," + group % number + "}")
    verify("n, %s" % number, "/v1/chat/completions", chat % ("openai", '"n":' + number))
    verify(
        "completions, %s" % number,
        "/v1/completions",
        '{"model":"openai","prompt":"hi","max_tokens":%s,"best_of":%s,"n":%s}' % ((number,) * 3),
    )
done()
