"""Requests and answers in every dialect, for callers and providers of either kind."""

import json

from kit.upstream import LAST, chunk, head

DIALECTS = ("openai", "anthropic", "gemini", "ollama")
# The Responses API has callers and no providers.
CALLERS = (*DIALECTS, "responses")


def asking(dialect, model, stream, text="Hello", **more):
    """Return the path and the object of a chat request."""
    messages = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    if dialect == "anthropic":
        return "/v1/messages", {**messages, "max_tokens": 50, **more}
    if dialect == "gemini":
        call = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{call}", {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}
    if dialect == "ollama":
        return "/api/chat", {**messages, **more}
    if dialect == "responses":
        return "/v1/responses", {"model": model, "stream": stream, "input": text, **more}
    return "/v1/chat/completions", {**messages, **more}


def stream_head(dialect):
    kind = "application/x-ndjson" if dialect == "ollama" else "text/event-stream"
    return head(200, kind, "transfer-encoding: chunked", "connection: close")


def frame(dialect, value):
    """Return one event of a stream, or one line of Ollama's."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    if dialect == "ollama":
        return data + b"\n"
    name = b"event: %s\n" % value["type"].encode() if dialect == "anthropic" and isinstance(value, dict) else b""
    return name + b"data: " + data + b"\n\n"


def openai_chunk(delta, finish=None, **more):
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}


def opening(dialect):
    """Return the frames before the first text."""
    if dialect == "openai":
        return frame(dialect, openai_chunk({"role": "assistant", "content": ""}))
    if dialect == "anthropic":
        message = {
            "id": "m-1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
            "stop_reason": None,
        }
        usage = {"input_tokens": 7, "output_tokens": 1}
        start = frame(dialect, {"type": "message_start", "message": {**message, "usage": usage}})
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return start + frame(dialect, block)
    return b""


def piece(dialect, text):
    """Return the frame of one piece of text."""
    if dialect == "openai":
        return frame(dialect, openai_chunk({"content": text}))
    if dialect == "anthropic":
        delta = {"type": "text_delta", "text": text}
        return frame(dialect, {"type": "content_block_delta", "index": 0, "delta": delta})
    if dialect == "gemini":
        return frame(dialect, gemini([{"text": text}], None))
    return frame(dialect, {"model": "m", "message": {"role": "assistant", "content": text}, "done": False})


def thought(dialect, text):
    """Return the frame of one piece of reasoning, where a stream may change to it without a new block."""
    if dialect == "gemini":
        return frame(dialect, gemini([{"text": text, "thought": True}], None))
    if dialect == "ollama":
        message = {"role": "assistant", "content": "", "thinking": text}
        return frame(dialect, {"model": "m", "message": message, "done": False})
    return frame("openai", openai_chunk({"reasoning_content": text})) if dialect == "openai" else piece(dialect, text)


def many_calls(dialect, count):
    """Return frames with this many tool calls: one frame, or two each in Anthropic's dialect."""
    if dialect == "openai":
        return frame(dialect, openai_chunk({"tool_calls": openai_calls(count)}))
    if dialect == "gemini":
        return frame(dialect, gemini(gemini_calls(count), None))
    if dialect == "ollama":
        message = {"role": "assistant", "content": "", "tool_calls": ollama_calls(count)}
        return frame(dialect, {"model": "m", "message": message, "done": False})
    frames = []
    for index in range(1, count + 1):
        block = {"type": "tool_use", "id": f"t{index}", "name": "f", "input": {}}
        frames.append(frame(dialect, {"type": "content_block_start", "index": index, "content_block": block}))
        frames.append(frame(dialect, {"type": "content_block_stop", "index": index}))
    return b"".join(frames)


def openai_calls(count):
    function = {"name": "f", "arguments": "{}"}
    return [{"index": n, "id": f"t{n}", "type": "function", "function": function} for n in range(count)]


def gemini_calls(count):
    return [{"functionCall": {"name": "f", "args": {}}}] * count


def ollama_calls(count):
    return [{"function": {"name": "f", "arguments": {}}}] * count


def gemini(parts, finish, usage=None):
    content = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        content["finishReason"] = finish
    return {"candidates": [content], "modelVersion": "m", **({"usageMetadata": usage} if usage else {})}


def usage_of(dialect, count=5):
    """Return a dialect's usage, in which every number is `count`."""
    names = {
        "openai": ("prompt_tokens", "completion_tokens", "total_tokens"),
        "anthropic": ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        "gemini": ("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount"),
        "ollama": ("prompt_eval_count", "eval_count", "eval_duration", "total_duration", "load_duration"),
    }[dialect]
    return {name: count for name in names}


def ending(dialect, count=5):
    """Return the frames after the last text."""
    usage = usage_of(dialect, count)
    if dialect == "openai":
        return frame(dialect, openai_chunk({}, "stop", usage=usage)) + frame(dialect, b"[DONE]")
    if dialect == "anthropic":
        delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage}
        stop = frame(dialect, {"type": "content_block_stop", "index": 0})
        return stop + frame(dialect, delta) + frame(dialect, {"type": "message_stop"})
    if dialect == "gemini":
        return frame(dialect, gemini([{"text": ""}], "STOP", usage))
    message = {"role": "assistant", "content": ""}
    return frame(dialect, {"model": "m", "message": message, "done": True, "done_reason": "stop", **usage})


def stream(dialect, *frames, count=5):
    """Return a complete stream: its head, these frames, each in a chunk of its own, and its end."""
    chunks = b"".join(chunk(each) for each in (opening(dialect), *frames, ending(dialect, count)) if each)
    return stream_head(dialect) + chunks + LAST


def whole(dialect, text="", calls=0, count=5):
    """Return the object of a complete answer that is no stream."""
    usage = usage_of(dialect, count)
    if dialect == "openai":
        message = {"role": "assistant", "content": text, **({"tool_calls": openai_calls(calls)} if calls else {})}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
    if dialect == "anthropic":
        content = [{"type": "text", "text": text}]
        content += [{"type": "tool_use", "id": f"t{n}", "name": "f", "input": {}} for n in range(calls)]
        return {
            "id": "m", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": "end_turn", "stop_sequence": None, "usage": usage,
        }  # fmt: skip
    if dialect == "gemini":
        return gemini([{"text": text}] + gemini_calls(calls), "STOP", usage)
    message = {"role": "assistant", "content": text, **({"tool_calls": ollama_calls(calls)} if calls else {})}
    return {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": True, **usage}
