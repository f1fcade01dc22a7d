"""Anthropic's Messages. Source: anthropic-sdk-python's types and the API's documented rules."""

import json
import re

from .mind import COMPLETION_TOKENS, PROMPT_TOKENS, SIGNATURE, Asked, Tool, Turn, image, need

SETTINGS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "max_tokens"}
KNOWN = {
    *SETTINGS,
    *("model", "messages", "stream", "stop_sequences", "system", "thinking", "tool_choice", "tools", "metadata"),
    *("output_config", "service_tier", "container", "cache_control", "context_management"),
}
FINISH = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "refusal"}
CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def read(request, counting=False):
    """Return the request, independent of its dialect."""
    for key in request:
        need(key in KNOWN, f"{key}: Extra inputs are not permitted")
    asked = Asked("anthropic", request["model"])
    if not counting:
        limit = request.get("max_tokens")
        need(isinstance(limit, int) and limit >= 1, "max_tokens: Field required")
    for key, name in SETTINGS.items():
        if key in request:
            need(isinstance(request[key], (int, float)), f"{key}: Input should be a valid number")
            asked.settings[name] = request[key]
    need(0 <= request.get("temperature", 0) <= 1, "temperature: range: 0..1")
    if "stop_sequences" in request:
        need(all(each.strip() for each in request["stop_sequences"]), "stop_sequences: each must contain non-whitespace")
        asked.settings["stop"] = request["stop_sequences"]
    read_thinking(asked, request)
    read_tools(asked, request)
    system = request.get("system", "")
    asked.system = system if isinstance(system, str) else "".join(map(text, system))
    read_messages(asked, request["messages"])
    return asked


def read_thinking(asked, request):
    thinking = request.get("thinking") or {"type": "disabled"}
    need(thinking["type"] in ("enabled", "disabled", "adaptive"), "thinking.type: unknown")
    asked.thinks = thinking["type"] != "disabled"
    config = request.get("output_config") or {}
    need(set(config) <= {"effort", "format"}, "output_config: Extra inputs are not permitted")
    if "effort" in config:
        need(config["effort"] in ("low", "medium", "high", "xhigh", "max"), "output_config.effort: unknown")
        asked.settings["effort"] = config["effort"]
    if config.get("format"):
        need(config["format"]["type"] == "json_schema", "output_config.format.type: unknown")
        asked.schema = config["format"]["schema"]
    if thinking["type"] == "enabled":
        budget = thinking["budget_tokens"]
        need(budget >= 1024, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        need(budget < request["max_tokens"], "`max_tokens` must be greater than `thinking.budget_tokens`")
        asked.settings["budget"] = budget
    if asked.thinks:
        need(request.get("temperature", 1) == 1, "`temperature` may only be set to 1 when thinking is enabled")
        need("top_k" not in request, "`top_k` must be unset when thinking is enabled")
        choice = (request.get("tool_choice") or {"type": "auto"})["type"]
        need(choice in ("auto", "none"), "Thinking may not be enabled when tool_choice forces tool use.")


def read_tools(asked, request):
    for tool in request.get("tools") or []:
        need(tool.get("type", "custom") == "custom", f"tools: {tool.get('type')} is no type")
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]), "tools.name: String should match pattern")
        need(tool["input_schema"].get("type") == "object", "tools.custom.input_schema.type: Input should be 'object'")
        asked.tools.append(Tool(tool["name"], tool["input_schema"], tool.get("description", "")))
    choice = request.get("tool_choice")
    if choice:
        need(asked.tools, "tool_choice may only be specified while providing tools")
        known = {"type", "name", "disable_parallel_tool_use"}
        need(set(choice) <= known, "tool_choice: Extra inputs are not permitted")
        asked.choice = choice["name"] if choice["type"] == "tool" else CHOICES[choice["type"]]
        if "disable_parallel_tool_use" in choice:
            asked.settings["parallel"] = not choice["disable_parallel_tool_use"]


def read_messages(asked, messages):
    need(messages, "messages: at least one message is required")
    need(messages[0]["role"] == "user", "messages: first message must use the \"user\" role")
    for at, message in enumerate(messages):
        role, content = message["role"], message["content"]
        if role == "system" and at:  # Allowed in the middle of a conversation, where Claude Code sends it.
            asked.system += content if isinstance(content, str) else "".join(map(text, content))
            continue
        need(role in ("user", "assistant"), f"messages.{at}.role: Input should be 'user' or 'assistant'")
        merges = asked.turns and asked.turns[-1].role == role
        turn = asked.turns[-1] if merges else Turn(role)
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        need(blocks, f"messages.{at}: all messages must have non-empty content")
        before = [each["id"] for each in blocks_of(messages[at - 1]) if each["type"] == "tool_use"] if at else []
        here = [each["tool_use_id"] for each in blocks if each["type"] == "tool_result"]
        need(set(before) == set(here) and len(here) == len(before), f"messages.{at}: tool_use and tool_result differ")
        for block in blocks:
            read_block(turn, block, role)
        if not merges:
            asked.turns.append(turn)
    last = asked.turns[-1]
    need(last.role == "user" or last.text == last.text.rstrip(), "final assistant content cannot end with whitespace")


def blocks_of(message):
    return [] if isinstance(message["content"], str) else message["content"]


def read_block(turn, block, role):
    kind = block["type"]
    if kind == "text":
        turn.text += text(block)
    elif kind == "image":
        turn.images.append(source(block["source"]))
    elif kind == "tool_use":
        need(role == "assistant", "tool_use blocks are the assistant's")
        need(re.fullmatch(r"[a-zA-Z0-9_-]+", block["id"]), "tool_use.id: String should match pattern")
        need(isinstance(block["input"], dict), "tool_use.input: Input should be a valid dictionary")
        turn.calls.append([block["name"], block["input"]])
    elif kind == "tool_result":
        content = block.get("content", "")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        turn.results.append("".join(each.get("text") or source(each["source"]) for each in blocks))
    elif kind == "thinking":
        need(block.get("signature") == SIGNATURE, "Invalid `signature` in `thinking` block")
        turn.thought += block["thinking"]
    else:
        need(kind == "redacted_thinking", f"{kind} is no type of block")


def text(block):
    need(block["type"] == "text", f"{block['type']} is no text")
    need(block["text"], "text content blocks must be non-empty")
    return block["text"]


def source(value):
    if value["type"] == "url":
        return value["url"]
    need(value["media_type"] in ("image/png", "image/jpeg", "image/gif", "image/webp"), "media_type: unknown")
    return image(value["media_type"], value["data"])


# Answers.


def usage(said):
    return {
        "input_tokens": PROMPT_TOKENS - said.cached,
        "output_tokens": COMPLETION_TOKENS,
        "cache_read_input_tokens": said.cached,
        "cache_creation_input_tokens": 0,
    }


def blocks(said):
    if said.thought:
        yield {"type": "thinking", "thinking": said.thought, "signature": SIGNATURE}
    if said.text:
        yield {"type": "text", "text": said.text}
    for at, (name, arguments) in enumerate(said.calls):
        yield {"type": "tool_use", "id": f"toolu_{at}", "name": name, "input": arguments}


def whole(asked, said):
    frame = {"id": "msg_script", "type": "message", "role": "assistant", "model": asked.model}
    end = {"stop_reason": FINISH[said.finish], "stop_sequence": None, "usage": usage(said)}
    return frame | {"content": list(blocks(said))} | end


def stream(asked, said, _):
    """Yield the events."""
    start = whole(asked, said) | {"content": [], "stop_reason": None}
    start["usage"] = usage(said) | {"output_tokens": 1}
    yield event("message_start", message=start)
    yield event("ping")
    for at, block in enumerate(blocks(said)):
        yield from stream_block(at, block, said)
    end = {"stop_reason": FINISH[said.finish], "stop_sequence": None}
    yield event("message_delta", delta=end, usage=usage(said))
    yield event("message_stop")


def stream_block(at, block, said):
    kind = block["type"]
    empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}[kind]
    yield event("content_block_start", index=at, content_block=block | empty)
    if kind == "text":
        deltas = [{"type": "text_delta", "text": piece} for piece in said.pieces()]
    elif kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in (said.thought[:10], said.thought[10:])]
        deltas.append({"type": "signature_delta", "signature": SIGNATURE})
    else:
        whole_input = json.dumps(block["input"])
        cuts = range(0, len(whole_input), 6)
        deltas = [{"type": "input_json_delta", "partial_json": whole_input[cut : cut + 6]} for cut in cuts]
        deltas.insert(0, {"type": "input_json_delta", "partial_json": ""})
    for delta in deltas:
        yield event("content_block_delta", index=at, delta=delta)
    yield event("content_block_stop", index=at)


def event(name, **fields):
    return f"event: {name}\n".encode() + b"data: " + json.dumps({"type": name} | fields, ensure_ascii=False).encode() + b"\n\n"


def error(status, message):
    kind = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
    kind |= {429: "rate_limit_error", 529: "overloaded_error"}
    return {"type": "error", "error": {"type": kind.get(status, "api_error"), "message": message}, "request_id": "req_1"}


def broken(message):
    """Yield an error in the middle of a stream."""
    body = error(529, message)
    return event("error", **{key: value for key, value in body.items() if key != "type"})
