"""Callers of every dialect put a value of an unexpected type in the place of each member of a rich request, and
providers of every dialect do so in their responses. What reaches a provider or a caller is valid JSON, or the request
is rejected."""

import copy
import json
import random

from kit import (
    Gateway,
    Upstream,
    anthropic_message,
    check,
    completion,
    done,
    gemini_response,
    ollama_response,
    provider,
    reply,
    table,
)

LIMIT = 120

CURRENT = {}
upstream = Upstream(lambda request: CURRENT["answer"])
DIALECTS = ("openai", "anthropic", "gemini", "ollama")
gateway = Gateway(
    table("[breaker]", consecutive_failures_max=0),
    table("[retry]", max_retries=0),
    *[provider(name, upstream, dialect=name, models=[name]) for name in DIALECTS],
)
VALUES = (
    None,
    True,
    0,
    -1.5,
    1e300,
    "",
    "x",
    '"',
    "\\",
    "\u2028",
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": ""},
    {"type": "x"},
    {"a": [1, {"b": None}]},
)
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": ["string", "null"], "enum": ["x", None]}},
    "required": ["a"],
    "anyOf": [{"type": "null"}],
}
GEMINI_SCHEMA = {
    "type": "OBJECT",
    "nullable": True,
    "properties": {"a": {"type": "STRING", "nullable": True, "enum": ["x"]}},
    "propertyOrdering": ["a"],
}
IMAGE = "aGVsbG8="
REQUESTS = {
    "/v1/chat/completions": {
        "messages": [
            {"role": "system", "content": "be brief"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + IMAGE}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "done"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
        "stop": ["a"],
        "temperature": 1,
        "user": "u",
        "reasoning_effort": "low",
        "metadata": {"a": "b"},
        "max_tokens": 9,
    },
    "/v1/messages": {
        "max_tokens": 2000,
        "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "t", "signature": "s"},
                    {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "c",
                        "content": [{"type": "text", "text": "done"}],
                        "is_error": False,
                    }
                ],
            },
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": SCHEMA}],
        "tool_choice": {"type": "tool", "name": "f"},
        "stop_sequences": ["a"],
        "metadata": {"user_id": "u"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "top_k": 3,
    },
    "/v1/responses": {
        "instructions": "x",
        "max_output_tokens": 99,
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "x"},
                    {"type": "input_image", "image_url": "data:image/png;base64," + IMAGE},
                ],
            },
            {
                "type": "reasoning",
                "id": "r",
                "summary": [{"type": "summary_text", "text": "t"}],
                "encrypted_content": "s",
            },
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "done"},
        ],
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
        "reasoning": {"effort": "low", "summary": "auto"},
    },
    "/api/chat": {
        "stream": False,
        "messages": [
            {"role": "user", "content": "x", "images": [IMAGE]},
            {
                "role": "assistant",
                "content": "",
                "thinking": "t",
                "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
            },
            {"role": "tool", "content": "done", "tool_name": "f"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
        "format": SCHEMA,
        "options": {"temperature": 1, "stop": ["a"], "num_predict": 9},
        "think": True,
        "keep_alive": "5m",
    },
    "/v1beta/models/%s:generateContent": {
        "systemInstruction": {"parts": [{"text": "x"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "x"}, {"inlineData": {"mimeType": "image/png", "data": IMAGE}}]},
            {
                "role": "model",
                "parts": [
                    {"text": "t", "thought": True, "thoughtSignature": "s"},
                    {"functionCall": {"name": "f", "args": {"a": 1}}},
                ],
            },
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"a": 1}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parameters": GEMINI_SCHEMA}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {
            "responseSchema": GEMINI_SCHEMA,
            "responseMimeType": "application/json",
            "stopSequences": ["a"],
            "thinkingConfig": {"thinkingBudget": 9},
        },
    },
}
call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
ANSWERS = {
    "openai": completion(
        {"content": "x", "reasoning_content": "t", "tool_calls": [call], "refusal": None, "annotations": []},
        finish="tool_calls",
    ),
    "anthropic": anthropic_message(
        {"type": "thinking", "thinking": "t", "signature": "s"},
        "x",
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
        stop_reason="tool_use",
    ),
    "gemini": gemini_response(
        {"text": "t", "thought": True, "thoughtSignature": "s"},
        "x",
        {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}},
    ),
    "ollama": ollama_response(
        {"content": "x", "thinking": "t", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}
    ),
}
chance = random.Random(7)


def places(value, path=()):
    """Yield the path of each member and element."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


def with_value(value, path, other):
    """Return a copy with another value at a path."""
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return changed


def is_json(data):
    try:
        json.loads(data, parse_constant=lambda name: 1 / 0)
        return True
    except (ValueError, ZeroDivisionError):
        return False


def verify(label, path, body, dialect):
    before = len(upstream.posts)
    got = gateway.post(path % dialect if "%s" in path else path, body if "%s" in path else {"model": dialect, **body})
    sent = upstream.posts[before:]
    if not sent:
        # Without messages, Ollama loads the model, which is no request to a provider of another dialect.
        is_load = path == "/api/chat" and got.status == 200 and (got.json or {}).get("done_reason") == "load"
        check(400 <= got.status < 500 or is_load, label + ": rejected", got)
    elif sent[-1].body:
        check(is_json(sent[-1].body), label + ": the provider receives JSON", sent[-1].body[-300:])
    check(got.status in (200, 400, 422, 502), label + ": a response", got)
    check(is_json(got.body), label + ": the caller receives JSON", got.body[-300:])


for dialect in DIALECTS:
    CURRENT["answer"] = reply(ANSWERS[dialect])
    for path, request in REQUESTS.items():
        all_places = list(places(request))
        for place in all_places:
            for value in chance.sample(VALUES, 3):
                label = "%s to %s, %s: %s" % (path, dialect, ".".join(map(str, place)), json.dumps(value))
                verify(label, path, with_value(request, place, value), dialect)
    for place in places(ANSWERS[dialect]):
        for value in chance.sample(VALUES, 4):
            CURRENT["answer"] = reply(with_value(ANSWERS[dialect], place, value))
            path = chance.choice(list(REQUESTS))
            body = (
                {"contents": [{"parts": [{"text": "x"}]}]}
                if "%s" in path
                else {"messages": [{"role": "user", "content": "x"}]}
            )
            body = {"input": "x"} if "responses" in path else body
            body = (
                {**body, "max_tokens": 9}
                if "/messages" in path
                else {**body, "stream": False}
                if "/api" in path
                else body
            )
            label = "%s from %s, %s: %s" % (path, dialect, ".".join(map(str, place)), json.dumps(value))
            verify(label, path, body, dialect)
done()
