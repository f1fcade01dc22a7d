"""Tool calls: real ones from llama.cpp, and one with awkward arguments from the script."""

import json

import upstream as script
from clients import ask, delta, finishes

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 8}},
            "required": ["city"],
        },
    },
}
TOOLS = {"tools": [WEATHER], "tool_choice": "required", "max_tokens": 400}


def gather(chunks):
    """Return the tool calls of a stream's fragments, by index."""
    calls = {}
    for chunk in chunks:
        for piece in delta(chunk).get("tool_calls") or []:
            call = calls.setdefault(piece["index"], {"id": None, "name": "", "arguments": ""})
            call["id"] = call["id"] or piece.get("id")
            call["name"] += piece["function"].get("name") or ""
            call["arguments"] += piece["function"].get("arguments") or ""
    return calls


def test_a_real_model_calls_a_tool(client):
    choice = client.create(**ask("tiny-tool", **TOOLS))["choices"][0]
    call = choice["message"]["tool_calls"][0]
    assert call["id"]
    assert call["function"]["name"] == "get_weather"
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)


def test_a_real_model_streams_a_tool_call(client):
    chunks = [chunk for _, chunk in client.stream(**ask("tiny-tool", **TOOLS))]
    call = gather(chunks)[0]
    assert call["id"]
    assert call["name"] == "get_weather"
    assert isinstance(json.loads(call["arguments"])["city"], str)
    assert len(finishes(chunks)) == 1


def test_arguments_survive_in_fragments(client):
    chunks = [chunk for _, chunk in client.stream(**ask("scripted-tool", tools=[WEATHER]))]
    assert gather(chunks) == {0: {"id": "call_1", "name": "get_weather", "arguments": script.ARGUMENTS}}
    assert finishes(chunks) == ["tool_calls"]


def test_arguments_survive_whole(client):
    choice = client.create(**ask("scripted-tool", tools=[WEATHER]))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == script.ARGUMENTS
