"""A caller sends a body of 31 MiB, within the limit, that consists of a million small parts: to a provider of another
dialect, to the route explanation, and to the model description. Other clients are answered within 0.3 seconds, and
the gateway uses less than ten times the body's memory."""

from kit import Gateway, LatencyProbe, Upstream, check, done, provider

ALONE = True  # Measures latency and memory.

gateway = Gateway(provider("up", Upstream(), dialect="anthropic"))
BODY_BYTES = 31 << 20


def peak_mib():
    """Return the peak resident memory of the gateway."""
    with open("/proc/%d/status" % gateway.process.pid) as file:
        return next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmHWM"))


def body_of(prefix, part, suffix):
    """Return a body of the full size that repeats a part."""
    count = (BODY_BYTES - len(prefix) - len(suffix)) // (len(part) + 1)
    return prefix + b",".join([part] * count) + suffix


message = b'{"model":"m","messages":[{"role":"user","content":['
calls = b'{"model":"m","messages":[{"role":"assistant","tool_calls":['
end_of_calls = b']},{"role":"user","content":"x"}]}'
for label, path, body in (
    ("parts of a message", "/v1/chat/completions", body_of(message, b'{"text":"a"}', b"]}]}")),
    ("tool calls", "/v1/chat/completions", body_of(calls, b'{"id":"a","function":{"name":"a"}}', end_of_calls)),
    ("members beside the model, explained", "/v1/route/explain", body_of(b'{"model":"m",', b'"a":0', b"}")),
    ("members beside the model, described", "/api/show", body_of(b'{"model":"m",', b'"a":0', b"}")),
):
    with LatencyProbe(gateway.port) as probe:
        got = gateway.post(path, body, timeout=50)
    check(got.status in (200, 400, 413, 503), label + ": a response", got.status)
    check(probe.longest < 0.3, label + ": another client waits less than 0.3 s", "%.2f s" % probe.longest)
check(peak_mib() < 10 * 31, "less than ten times the body's memory", "%d MiB" % peak_mib())
done()
