"""A provider streams two tool calls, one per chunk, each with an ID and a name of its own and without `index`. The
caller receives two tool calls with different indices, each with its own arguments."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream


def call(id, name, arguments):
    return chat_chunk(
        {
            "role": "assistant",
            "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}],
        }
    )


upstream = Upstream(
    lambda request: sse_stream(
        call("fc-11", "weather", '{"city":"Oslo"}'),
        call("fc-12", "clock", '{"zone":"UTC"}'),
        chat_chunk(finish="tool_calls"),
    )
)
gateway = Gateway(provider("up", upstream))
calls = gateway.chat(stream=True).tool_calls
check(
    [(call["id"], call["name"], call["arguments"]) for call in calls]
    == [("fc-11", "weather", '{"city":"Oslo"}'), ("fc-12", "clock", '{"zone":"UTC"}')],
    "two separate calls",
    calls,
)
done()
