"""OpenAI's chat completions. Source: openai-python's types; the messages of errors are the script's."""

import json

from .mind import COMPLETION_TOKENS, PROMPT_TOKENS, Asked, Tool, Turn, image, need

SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "reasoning_effort": "effort",
    "parallel_tool_calls": "parallel",
}
KNOWN = {
    *SETTINGS,
    *("model", "messages", "stream", "stream_options", "stop", "tools", "tool_choice", "response_format", "n", "user"),
    *("logprobs", "top_logprobs", "metadata", "store", "service_tier", "modalities", "verbosity", "logit_bias"),
    *("prompt_cache_key", "safety_identifier"),
}
FINISH = {"stop": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter"}


def read(request):
    """Return the request, independent of its dialect."""
    asked = Asked("openai", request["model"], unknown=sorted(set(request) - KNOWN))
    for key, name in SETTINGS.items():
        if request.get(key) is not None:
            asked.settings[name] = request[key]
    if request.get("stop") is not None:
        stop = request["stop"]
        asked.settings["stop"] = stop if isinstance(stop, list) else [stop]
        need(len(asked.settings["stop"]) <= 4, "stop has more than 4 sequences")
    asked.thinks = request.get("reasoning_effort") in ("low", "medium", "high", "xhigh")
    for tool in request.get("tools") or []:
        need(tool.get("type") == "function", "a tool is no function")
        function = tool["function"]
        asked.tools.append(Tool(function["name"], function.get("parameters") or {}, function.get("description") or ""))
    choice = request.get("tool_choice")
    if choice is not None:
        need(asked.tools, "tool_choice is only allowed when tools are specified")
        asked.choice = choice if isinstance(choice, str) else choice["function"]["name"]
        asked.choice = "required" if asked.choice == "any" else asked.choice  # Mistral's spelling.
    read_format(asked, request.get("response_format") or {"type": "text"})
    read_messages(asked, request["messages"])
    return asked


def read_format(asked, form):
    need(form["type"] in ("text", "json_object", "json_schema"), "response_format.type is unknown")
    asked.wants_json = form["type"] == "json_object"
    if form["type"] == "json_schema":
        need(form["json_schema"].get("name"), "response_format.json_schema.name is missing")
        asked.schema = form["json_schema"]["schema"]


def read_messages(asked, messages):
    need(isinstance(messages, list) and messages, "messages is empty")
    open_calls = []
    for message in messages:
        role = message["role"]
        need(role in ("system", "developer", "user", "assistant", "tool"), f"{role} is no role")
        need(not open_calls or role == "tool", f"these calls have no results: {open_calls}")
        if role == "tool":
            need(message["tool_call_id"] in open_calls, "a result has no call before it")
            open_calls.remove(message["tool_call_id"])
            if not asked.turns[-1].results:
                asked.turns.append(Turn("user"))
            asked.turns[-1].results.append(parts(Turn("user"), message["content"]).text)
        elif role in ("system", "developer"):
            asked.system += parts(Turn("system"), message["content"]).text
        else:
            turn = parts(Turn(role), message.get("content"))
            turn.thought = message.get("reasoning_content") or ""
            for call in message.get("tool_calls") or []:
                need(call.get("type", "function") == "function" and call["id"], "a call has no id")
                open_calls.append(call["id"])
                arguments = call["function"]["arguments"]
                need(isinstance(arguments, str), "arguments of a call are no string")
                turn.calls.append([call["function"]["name"], json.loads(arguments or "{}")])
            need(role != "user" or turn.text or turn.images, "a message of the user is empty")
            asked.turns.append(turn)
    need(not open_calls, f"these calls have no results: {open_calls}")


def parts(turn, content):
    """Return the message with its content."""
    if isinstance(content, str) or content is None:
        turn.text = content or ""
        return turn
    for part in content:
        if part["type"] == "text":
            turn.text += part["text"]
        elif part["type"] == "image_url":
            url = part["image_url"]["url"]
            if url.startswith("data:"):
                media, _, data = url.removeprefix("data:").partition(";base64,")
                turn.images.append(image(media, data))
            else:
                need(url.startswith("http"), "an image has no URL")
                turn.images.append(url)
        else:
            need(part["type"] == "refusal", f"{part['type']} is no kind of part")
    return turn


# Answers.


def usage(said):
    total = PROMPT_TOKENS + COMPLETION_TOKENS
    counts = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": total}
    return counts | ({"prompt_tokens_details": {"cached_tokens": said.cached}} if said.cached else {})


def calls(said):
    return [
        {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for at, (name, arguments) in enumerate(said.calls)
    ]


def frame(asked, kind, **fields):
    return {"id": "chatcmpl-script", "object": kind, "created": 1, "model": asked.model, **fields}


def whole(asked, said):
    message = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.thought:
        message["reasoning_content"] = said.thought
    if said.calls:
        message["tool_calls"] = calls(said)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH[said.finish]}
    return frame(asked, "chat.completion", choices=[choice], usage=usage(said))


def stream(asked, said, request):
    """Yield the events and the end marker."""

    def delta(fields, finish=None, **more):
        choice = {"index": 0, "delta": fields, "logprobs": None, "finish_reason": finish}
        return event(frame(asked, "chat.completion.chunk", choices=[choice], **more))

    yield delta({"role": "assistant", "content": None if said.calls else ""})
    if said.thought:
        for piece in (said.thought[:10], said.thought[10:]):
            yield delta({"reasoning_content": piece})
    for piece in said.pieces():
        yield delta({"content": piece})
    for at, call in enumerate(calls(said)):
        arguments = call["function"]["arguments"]
        yield delta({"tool_calls": [{"index": at} | call | {"function": call["function"] | {"arguments": ""}}]})
        for start in range(0, len(arguments), 6):
            yield delta({"tool_calls": [{"index": at, "function": {"arguments": arguments[start : start + 6]}}]})
    if asked.word == "early":  # As transformers serve and others do.
        yield delta({}, FINISH[said.finish], usage=usage(said))
        yield b"data: [DONE]\n\n"
        return
    yield delta({}, FINISH[said.finish])
    if (request.get("stream_options") or {}).get("include_usage"):
        yield event(frame(asked, "chat.completion.chunk", choices=[], usage=usage(said)))
    yield b"data: [DONE]\n\n"


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def error(status, message):
    kind = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
    kind |= {429: "rate_limit_error"}
    return {"error": {"message": message, "type": kind.get(status, "server_error"), "param": None, "code": None}}


def broken(message):
    """Yield an error in the middle of a stream."""
    return event(error(500, message))
