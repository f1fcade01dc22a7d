"""Callers send numbers at both ends of 64 bits, and beyond, in every numeric field of a request, a query, and a model
header. The gateway answers each request, and goes on to answer others."""

import struct

from kit import Gateway, Upstream, check, done, provider

NUMBERS = (
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "1e308", "-1e308", "1e999", "-0", "0.5", "1" + "0" * 400, "4294967296",
)  # fmt: skip
upstream = Upstream()
gateway = Gateway(
    *[provider(name, upstream, dialect=name, models=[name]) for name in ("openai", "anthropic", "gemini", "ollama")]
)
FIELDS = (
    "max_tokens",
    "max_completion_tokens",
    "n",
    "seed",
    "temperature",
    "top_p",
    "top_k",
    "top_logprobs",
    "presence_penalty",
    "frequency_penalty",
    "max_output_tokens",
    "keep_alive",
    "dimensions",
    "best_of",
    "logprobs",
)
HARDWARE = ("model_params", "model_params_m", "context", "parallel", "remove_count", "min_chips")


def verify(label, got):
    check(200 <= got.status < 600 and got.end == "complete", label + ": a response", "%d, %s" % (got.status, got.end))
    check(gateway.process.poll() is None, label + ": the gateway runs", gateway.process.poll())


for number in NUMBERS:
    members = ",".join('"%s":%s' % (field, number) for field in FIELDS)
    options = '"options":{"num_ctx":%s,"num_predict":%s,"seed":%s}' % (number, number, number)
    generation = (
        '"generationConfig":{"maxOutputTokens":%s,"candidateCount":%s,"thinkingConfig":{"thinkingBudget":%s}}'
        % (
            number,
            number,
            number,
        )
    )
    thinking = '"thinking":{"type":"enabled","budget_tokens":%s}' % number
    for model in ("openai", "anthropic", "gemini", "ollama"):
        for path in (
            "/v1/chat/completions",
            "/v1/messages",
            "/v1/responses",
            "/api/chat",
            "/v1/embeddings",
            "/v1/route/explain",
        ):
            body = '{"model":"%s","messages":[{"role":"user","content":"x"}],"input":"x",%s}'
            # One field at a time would take minutes; the first that is rejected hides the others, so a part of them follows.
            for some in (members + "," + options + "," + thinking, options, thinking, ",".join(members.split(",")[:1])):
                verify("%s to %s, %s" % (path, model, number[:24]), gateway.post(path, (body % (model, some)).encode()))
        path = "/v1beta/models/%s:generateContent" % model
        body = '{"contents":[{"parts":[{"text":"x"}]}],%s}' % generation
        verify("%s, %s" % (path, number[:24]), gateway.post(path, body.encode()))
    for name in ("placement", "simulate", "requirement-match", "cost", "training-estimate"):
        for field in HARDWARE:
            body = '{"model":"llama-70b","%s":%s,"add_devices":[{"memory_gb":%s,"memory_bytes":%s}]}' % (
                field,
                number,
                number,
                number,
            )
            verify("%s, %s: %s" % (name, field, number[:24]), gateway.post("/v1/hardware/" + name, body.encode()))
    for query in ("/v1/events/recent?limit=%s", "/v1/events/recent?since=%s", "/v1/events/recent?limit=%s&since=-1"):
        verify(query % number[:24], gateway.get(query % number))

for number in (2**63 - 1, 2**63, 2**64 - 1, 2**62, 2**31, 2**32 - 1):
    word, start = struct.pack("<Q", number), struct.pack("<QQQ", 1, 0, 1) + b"t"
    for label, data in {
        "a count of tensors": b"GGUF" + struct.pack("<I", 3) + word + struct.pack("<Q", 0),
        "a count of values": b"GGUF" + struct.pack("<I", 3) + struct.pack("<Q", 0) + word,
        "the length of a name": b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + word + b"t",
        "the length of a list": b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<II", 9, 10) + word,
        "dimensions": b"GGUF"
        + struct.pack("<I", 3)
        + start
        + struct.pack("<I", 4)
        + word * 4
        + struct.pack("<I", 1)
        + word,
        "the length of a header": word + b"{}",
    }.items():
        for _ in range(2):
            verify("%s of %d" % (label, number), gateway.post("/v1/hardware/model-format", data))
done()
