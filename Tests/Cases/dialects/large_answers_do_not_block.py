"""A provider sends a response of nearly 16 MiB that is no stream, and that consists of small tool calls or of
characters that are longer when they are escaped, to callers of other dialects. Other clients are answered within 0.3
seconds, and twice as many tool calls take about twice as much CPU time."""

import json

from kit import Gateway, LatencyProbe, Upstream, check, completion, done, gemini_response, provider, reply

ALONE = True  # Measures latency and CPU time.
LIMIT = 120

BYTES = (16 << 20) - 65536
CURRENT = {}
upstream = Upstream(lambda request: CURRENT["answer"])
gateway = Gateway(provider("g", upstream, dialect="gemini", models=["g"]), provider("o", upstream, models=["o"]))


def cpu_seconds():
    """Return the CPU time of the gateway."""
    with open("/proc/%d/stat" % gateway.process.pid) as file:
        columns = file.read().rsplit(")", 1)[1].split()
    return (int(columns[11]) + int(columns[12])) / 100


def measure(path, body, answer):
    """Send a request, and return the CPU time and the longest wait of another client."""
    CURRENT["answer"] = answer
    before = cpu_seconds()
    with LatencyProbe(gateway.port) as probe:
        got = gateway.post(path, body, timeout=25)
    check(got.status in (200, 502), "%s: a response or an error" % path, got.status)
    return cpu_seconds() - before, probe.longest


def gemini_calls(size):
    part = {"functionCall": {"name": "f", "args": {}}}
    return reply(gemini_response(*[part] * (size // (len(json.dumps(part)) + 2))))


def openai_calls(size):
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return reply(completion({"tool_calls": [call] * (size // (len(json.dumps(call)) + 2))}))


def escapes(size):
    return reply(json.dumps(completion("@@")).encode().replace(b"@@", b"\\u0001" * (size // 6)))


CHAT = {"messages": [{"role": "user", "content": "x"}]}
for label, path, body, make in (
    ("calls of Gemini for chat completions", "/v1/chat/completions", {"model": "g", **CHAT}, gemini_calls),
    ("calls of Gemini for the Responses API", "/v1/responses", {"model": "g", "input": "x"}, gemini_calls),
    ("calls of OpenAI for Messages", "/v1/messages", {"model": "o", "max_tokens": 9, **CHAT}, openai_calls),
    ("escapes of OpenAI for Messages", "/v1/messages", {"model": "o", "max_tokens": 9, **CHAT}, escapes),
    ("escapes of OpenAI for Ollama", "/api/chat", {"model": "o", "stream": False, **CHAT}, escapes),
):
    once, _ = measure(path, body, make(BYTES // 2))
    twice, longest = measure(path, body, make(BYTES))
    check(longest < 0.3, label + ": another client waits less than 0.3 s", "%.2f s" % longest)
    check(
        twice < 0.2 or twice < 3 * once, label + ": at most three times the CPU time", "%.2f s, %.2f s" % (once, twice)
    )
done()
