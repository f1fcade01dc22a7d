"""Ollama's native chat, in lines of JSON. Source: Ollama's API reference and its OpenAPI document."""

import hashlib
import json

from .mind import COMPLETION_TOKENS, PROMPT_TOKENS, Asked, Tool, Turn, image, need

OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "num_predict": "max_tokens",
    "num_ctx": "num_ctx",
    "stop": "stop",
}
FINISH = {"stop": "stop", "length": "length", "tools": "stop", "filter": "stop"}
WHEN = "2026-11-25T10:00:00.123456789Z"


def read(request):
    """Return the request, independent of its dialect. As in Go's JSON, unknown fields are ignored, wrong types are errors."""
    known = {"model", "messages", "stream", "tools", "format", "options", "think", "keep_alive"}
    asked = Asked("ollama", request["model"], unknown=sorted(set(request) - known))
    options = request.get("options") or {}
    for key, value in options.items():
        kind = list if key == "stop" else (int, float)
        need(key not in OPTIONS or isinstance(value, kind), f"option \"{key}\" must be of another type")
        if key in OPTIONS:
            asked.settings[OPTIONS[key]] = value
    think = request.get("think")
    need(think in (None, True, False, "low", "medium", "high", "max"), "invalid think value")
    asked.thinks = bool(think)
    if isinstance(think, str):
        asked.settings["effort"] = think
    form = request.get("format")
    need(form in (None, "", "json") or isinstance(form, dict), "invalid format")
    asked.wants_json = form == "json"
    asked.schema = form if isinstance(form, dict) else None
    for tool in request.get("tools") or []:
        function = tool["function"]
        asked.tools.append(Tool(function["name"], function.get("parameters") or {}, function.get("description") or ""))
    for message in request["messages"]:
        read_message(asked, message)
    return asked


def read_message(asked, message):
    role, content = message["role"], message.get("content") or ""
    need(isinstance(content, str), "cannot unmarshal array into Go struct field ChatRequest.messages.content of type string")
    need(role in ("system", "user", "assistant", "tool"), f"invalid role: {role}")
    if role == "system":
        asked.system += content
        return
    if role == "tool":
        if not (asked.turns and asked.turns[-1].results):
            asked.turns.append(Turn("user"))
        asked.turns[-1].results.append(content)
        return
    turn = Turn(role, content, thought=message.get("thinking") or "")
    for data in message.get("images") or []:
        turn.images.append(image("image/png", data))  # Ollama inspects the bytes; a URL is not base64.
    for call in message.get("tool_calls") or []:
        arguments = call["function"]["arguments"]
        need(isinstance(arguments, dict), "cannot unmarshal string into Go struct field ToolCallFunction.arguments")
        turn.calls.append([call["function"]["name"], arguments])
    asked.turns.append(turn)


# Answers.


def line(asked, message, **fields):
    value = {"model": asked.model, "created_at": WHEN, "message": {"role": "assistant"} | message, "done": False}
    return json.dumps(value | fields, ensure_ascii=False).encode() + b"\n"


def end(said):
    counts = {"prompt_eval_count": PROMPT_TOKENS, "eval_count": COMPLETION_TOKENS}
    times = {"total_duration": 4, "load_duration": 1, "prompt_eval_duration": 1, "eval_duration": 2}
    return {"done": True, "done_reason": FINISH[said.finish]} | counts | times


def calls(said):
    return [{"id": f"call_{at}", "function": {"index": at, "name": n, "arguments": a}} for at, (n, a) in enumerate(said.calls)]


def whole(asked, said):
    message = {"content": said.text}
    if said.thought:
        message["thinking"] = said.thought
    if said.calls:
        message["tool_calls"] = calls(said)
    return json.loads(line(asked, message, **end(said)))


def stream(asked, said, _):
    """Yield the lines."""
    if said.thought:
        for piece in (said.thought[:10], said.thought[10:]):
            yield line(asked, {"content": "", "thinking": piece})
    for piece in said.pieces():
        yield line(asked, {"content": piece})
    for call in calls(said):
        yield line(asked, {"content": "", "tool_calls": [call]})
    yield line(asked, {"content": ""}, **end(said))


def error(_, message):
    return {"error": message}


def broken(message):
    """Yield an error in the middle of a stream."""
    return json.dumps(error(500, message)).encode() + b"\n"


# Other endpoints.

DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "8.0B",
    "quantization_level": "Q4_K_M",
}


def tags(names):
    rest = {"modified_at": WHEN, "size": 4_700_000_000, "details": DETAILS}
    digests = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    return {"models": [{"name": n, "model": n, "digest": d} | rest for n, d in zip(names, digests)]}


def show(_):
    info = {"general.architecture": "llama", "llama.context_length": 131072}
    rest = {"license": "", "modelfile": "", "parameters": "", "template": "", "modified_at": WHEN}
    return rest | {"details": DETAILS, "model_info": info, "capabilities": ["completion", "tools", "vision", "thinking"]}
