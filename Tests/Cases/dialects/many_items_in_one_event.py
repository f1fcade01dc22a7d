"""A provider sends thousands of small items to a caller of the Responses API, in one event or in many. Other clients
are answered within 0.3 seconds, and twice as many items take about twice as much CPU time."""

from kit import (
    Gateway,
    LatencyProbe,
    Upstream,
    chat_chunk,
    check,
    done,
    gemini_response,
    http_chunk,
    provider,
    raw_stream,
    sse_event,
    stream_head,
)

ALONE = True  # Measures latency and CPU time.

CURRENT = {}
upstream = Upstream(lambda request: CURRENT["answer"])
gateway = Gateway(provider("g", upstream, dialect="gemini", models=["g"]), provider("o", upstream, models=["o"]))


def cpu_seconds():
    """Return the CPU time of the gateway."""
    with open("/proc/%d/stat" % gateway.process.pid) as file:
        columns = file.read().rsplit(")", 1)[1].split()
    return (int(columns[11]) + int(columns[12])) / 100


def measure(model, answer):
    """Request a stream, and return the CPU time and the longest wait of another client."""
    CURRENT["answer"] = answer
    before = cpu_seconds()
    with LatencyProbe(gateway.port) as probe:
        gateway.post("/v1/responses", {"model": model, "input": "x", "stream": True}, timeout=50)
    return cpu_seconds() - before, probe.longest


def tool_calls(count):
    parts = [{"functionCall": {"name": "f", "args": {}}}] * count
    return stream_head() + http_chunk(sse_event(gemini_response(*parts))) + b"0\r\n\r\n"


def alternating_deltas(count):
    deltas = [{"content": "a"} if number % 2 else {"reasoning_content": "b"} for number in range(count)]
    events = [chat_chunk(delta) for delta in deltas] + [chat_chunk(finish="stop"), b"[DONE]"]
    return raw_stream(b"".join(sse_event(event) for event in events))


for label, model, make in (
    ("tool calls in one event", "g", tool_calls),
    ("changes between text and thinking", "o", alternating_deltas),
):
    once, _ = measure(model, make(2000))
    twice, longest = measure(model, make(4000))
    check(longest < 0.3, "4000 " + label + ": another client waits less than 0.3 s", "%.2f s" % longest)
    check(
        twice < 0.1 or twice < 3 * once,
        label + ": at most three times the CPU time for twice as many",
        "%.2f s, %.2f s" % (once, twice),
    )
done()
