"""A caller of the Responses API refers to an earlier tool call by `item_reference` in place of sending it. A reference
to an item is a 400, because hoosh stores no items and a result would lose its call."""

from kit import Gateway, Upstream, check, done, provider

upstream = Upstream()
gateway = Gateway(provider("up", upstream))
answer = gateway.post(
    "/v1/responses",
    {
        "model": "m",
        "input": [
            {"role": "user", "content": "What is in a.txt?"},
            {"type": "item_reference", "id": "fc_0123"},
            {"type": "function_call_output", "call_id": "call_9", "output": "apples"},
        ],
        "tools": [{"type": "function", "name": "read", "parameters": {"type": "object", "properties": {}}}],
    },
)
check(
    answer.status == 400,
    "a 400",
    "%d, sent with %s" % (answer.status, [message["role"] for body in upstream.bodies for message in body["messages"]]),
)
check("item_reference" in answer.text, "the error names item_reference", answer)
done()
