"""Provider responses as the bytes on the wire."""

import json


def reply(body, status=200, content_type="application/json", headers=()):
    """Return a response with a content length. A body that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = ["HTTP/1.1 %d X" % status, "content-length: %d" % len(data), *headers]
    if content_type:
        head.append("content-type: " + content_type)
    return ("\r\n".join(head) + "\r\n\r\n").encode() + data


def error_reply(status, message, /, headers=(), **members):
    """Return an error response in OpenAI's format."""
    return reply({"error": {"message": message, **members}}, status, headers=headers)


def sse_event(item):
    """Return one server-sent event: a value as JSON, bytes unchanged, or a pair of an event name and either."""
    name, item = item if isinstance(item, tuple) else (None, item)
    data = item if isinstance(item, bytes) else json.dumps(item).encode()
    return (b"event: %s\n" % name.encode() if name else b"") + b"data: " + data + b"\n\n"


def http_chunk(data):
    """Return one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def stream_head(content_type="text/event-stream"):
    """Return the head of a chunked response."""
    line = "content-type: %s\r\n" % content_type if content_type else ""
    return ("HTTP/1.1 200 OK\r\n%stransfer-encoding: chunked\r\n\r\n" % line).encode()


def sse_stream(*items, done=True, content_type="text/event-stream"):
    """Return a complete stream of events; `done` adds OpenAI's `[DONE]`."""
    body = b"".join(sse_event(item) for item in items) + (sse_event(b"[DONE]") if done else b"")
    return raw_stream(body, content_type)


def raw_stream(body, content_type="text/event-stream"):
    """Return a chunked response with exactly these bytes."""
    return stream_head(content_type) + http_chunk(body) + b"0\r\n\r\n"


def slow_stream(words, interval):
    """Yield an OpenAI stream of one word per chunk, with seconds between the chunks."""
    yield stream_head()
    for word in words:
        yield http_chunk(sse_event(chat_chunk({"content": word})))
        yield interval
    yield http_chunk(sse_event(chat_chunk(finish="stop")) + sse_event(b"[DONE]")) + b"0\r\n\r\n"


def chat_chunk(delta=None, finish=None, **members):
    """Return a chunk of an OpenAI stream."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": "theirs",
        "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}],
        **members,
    }


def completion(content, finish="stop", **members):
    """Return an OpenAI chat completion with a text, or with the given members of the message."""
    message = {"role": "assistant", "content": None, **({"content": content} if isinstance(content, str) else content)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1760000000,
        "model": "theirs",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        **members,
    }


def anthropic_message(*blocks, stop_reason="end_turn"):
    """Return an Anthropic message; a string becomes a text block."""
    content = [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "theirs",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }


def gemini_response(*parts, finish="STOP"):
    """Return a Gemini response; a string becomes a text part."""
    parts = [{"text": part} if isinstance(part, str) else part for part in parts]
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3},
        "modelVersion": "theirs",
    }


def ollama_response(content, **members):
    """Return an Ollama response with a text, or with the given members of the message."""
    message = {"role": "assistant", "content": "", **({"content": content} if isinstance(content, str) else content)}
    return {
        "model": "theirs",
        "created_at": "2026-01-01T00:00:00Z",
        "message": message,
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 7,
        "eval_count": 3,
        **members,
    }


def text_reply(text):
    """Return an `Upstream` handler that responds with a text, in the dialect of the requested path."""

    def answer(request):
        if request.path.endswith("/api/chat"):
            return reply(ollama_response(text))
        if "/messages" in request.path:
            return reply(anthropic_message(text))
        if "enerateContent" in request.path:
            return reply(gemini_response(text))
        if (request.json or {}).get("stream"):
            return sse_stream(chat_chunk({"role": "assistant", "content": text}), chat_chunk(finish="stop"))
        return reply(completion(text))

    return answer


def model_list(models):
    """Return an `Upstream` handler that responds with a model list, in the format of the requested path."""

    def listing(request):
        if request.path.endswith("/api/tags"):
            return reply({"models": [{"name": model, "model": model} for model in models]})
        if "/v1beta/" in request.path:
            return reply({"models": [{"name": "models/" + model} for model in models]})
        return reply({"object": "list", "data": [{"id": model, "object": "model"} for model in models]})

    return listing
