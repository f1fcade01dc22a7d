"""Gemini's generateContent. Source: google-genai's types, which forbid unknown fields as the service does."""

import base64
import json

from google.genai import types

from .mind import COMPLETION_TOKENS, PROMPT_TOKENS, SIGNATURE, Asked, Refused, Tool, Turn, image, need

SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "max_output_tokens": "max_tokens",
    "stop_sequences": "stop",
}
KNOWN = {"contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent"}
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "filter": "SAFETY"}


def parsed(kind, value):
    """Return the value as the SDK's type, which defines all fields."""
    try:
        return kind.model_validate(value)
    except ValueError as fault:
        raise Refused(f"Invalid JSON payload received. {fault}") from None


def read(request, model):
    """Return the request, independent of its dialect."""
    for key in request:
        need(key in KNOWN or key in ("system_instruction",), f'Invalid JSON payload received. Unknown name "{key}"')
    asked = Asked("gemini", model)
    config = parsed(types.GenerationConfig, request.get("generationConfig") or {})
    for key, name in SETTINGS.items():
        if getattr(config, key) is not None:
            asked.settings[name] = getattr(config, key)
    read_format(asked, config, request.get("generationConfig") or {})
    system = request.get("systemInstruction") or request.get("system_instruction")
    if system:
        asked.system = "".join(part.text for part in parsed(types.Content, system).parts)
    read_tools(asked, request)
    need(request.get("contents"), "contents is not specified")
    for content in request["contents"]:
        read_content(asked, parsed(types.Content, content))
    need(asked.turns[-1].role == "user", "Please ensure that multiturn requests end with a user role")
    return asked


def read_format(asked, config, raw):
    media = config.response_mime_type
    need(media in (None, "text/plain", "application/json"), "response_mime_type is unknown")
    schema = raw.get("responseJsonSchema") or raw.get("responseSchema")
    need(not schema or media == "application/json", "response_schema needs response_mime_type application/json")
    asked.schema = schema
    asked.wants_json = media == "application/json"
    thinking = config.thinking_config
    if thinking:
        need(thinking.thinking_budget is None or thinking.thinking_level is None, "thinking_budget and thinking_level")
        asked.thinks = bool(thinking.include_thoughts) and thinking.thinking_budget != 0
        if thinking.thinking_level:
            asked.settings["effort"] = thinking.thinking_level.value.lower()
        if thinking.thinking_budget is not None:
            asked.settings["budget"] = thinking.thinking_budget


def read_tools(asked, request):
    for tool in request.get("tools") or []:
        for function in parsed(types.Tool, tool).function_declarations or []:
            schema = function.parameters_json_schema
            if schema is None and function.parameters:
                schema = function.parameters.model_dump(exclude_none=True, mode="json")
            asked.tools.append(Tool(function.name, schema or {}, function.description or ""))
    choice = parsed(types.ToolConfig, request.get("toolConfig") or {}).function_calling_config
    if choice and choice.mode:
        mode = choice.mode.value
        need(mode in ("ANY", "VALIDATED") or not choice.allowed_function_names, "allowed_function_names needs mode ANY")
        asked.choice = {"AUTO": "auto", "VALIDATED": "auto", "NONE": "none", "ANY": "required"}[mode]
        if choice.allowed_function_names and len(choice.allowed_function_names) == 1:
            asked.choice = choice.allowed_function_names[0]


def read_content(asked, content):
    role = content.role or "user"
    need(role in ("user", "model", "function"), "Please use a valid role: user, model.")
    need(content.parts, "contents.parts must not be empty.")
    turn = Turn("assistant" if role == "model" else "user")
    for part in content.parts:
        if part.function_call:
            turn.calls.append([part.function_call.name, part.function_call.args or {}])
        elif part.function_response:
            response = part.function_response.response or {}
            need(isinstance(response, dict), "function_response.response is no object")
            need(part.function_response.name, "function_response.name: Name cannot be empty")
            known = next(iter(response.values())) if len(response) == 1 else response
            turn.results.append(known if isinstance(known, str) else json.dumps(known))
        elif part.inline_data:
            turn.images.append(image(part.inline_data.mime_type, base64.b64encode(part.inline_data.data)))
        elif part.file_data:
            turn.images.append(part.file_data.file_uri)
        else:
            need(part.text is not None, "required oneof field 'data' must have one initialized field")
            if part.thought:
                turn.thought += part.text
            else:
                turn.text += part.text
    calls = asked.turns[-1].calls if asked.turns else []
    need(len(calls) == len(turn.results), "the number of function response parts is not that of function call parts")
    asked.turns.append(turn)


# Answers.


def usage(said):
    total = PROMPT_TOKENS + COMPLETION_TOKENS
    counts = {"promptTokenCount": PROMPT_TOKENS, "candidatesTokenCount": COMPLETION_TOKENS, "totalTokenCount": total}
    return counts | ({"cachedContentTokenCount": said.cached} if said.cached else {})


def frame(asked, said, parts, finish=None):
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = FINISH[finish]
    rest = {"usageMetadata": usage(said), "modelVersion": asked.model, "responseId": "script"}
    return {"candidates": [candidate]} | rest


def calls(said):
    return [
        {"functionCall": {"name": name, "args": arguments}} | ({"thoughtSignature": SIGNATURE} if at == 0 else {})
        for at, (name, arguments) in enumerate(said.calls)
    ]


def whole(asked, said):
    parts = [{"text": said.thought, "thought": True}] if said.thought else []
    parts += [{"text": said.text}] if said.text else []
    return frame(asked, said, parts + calls(said), said.finish)


def stream(asked, said, _):
    """Yield the events. There is no end marker; the last event has the finish reason."""
    if said.thought:
        for piece in (said.thought[:10], said.thought[10:]):
            yield event(frame(asked, said, [{"text": piece, "thought": True}]))
    pieces = [[{"text": piece}] for piece in said.pieces()] + ([calls(said)] if said.calls else [])
    for parts in pieces[:-1]:
        yield event(frame(asked, said, parts))
    yield event(frame(asked, said, pieces[-1], said.finish))


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"


def error(status, message):
    words = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
    words |= {503: "UNAVAILABLE", 529: "UNAVAILABLE"}
    return {"error": {"code": status, "message": message, "status": words.get(status, "INTERNAL")}}


def broken(message):
    """Yield an error in the middle of a stream."""
    return event(error(503, message))
