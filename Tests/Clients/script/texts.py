"""OpenAI's completion of a text, which Ollama has, too. Source: openai-python's types."""

from .completions import event
from .mind import COMPLETION_TOKENS, PROMPT_TOKENS, need

KNOWN = {
    *("model", "prompt", "stream", "stream_options", "max_tokens", "temperature", "top_p", "n", "stop", "suffix"),
    *("presence_penalty", "frequency_penalty", "seed", "user", "best_of", "echo", "logprobs", "logit_bias"),
}
USAGE = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS}
USAGE |= {"total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS}


def choices(provider, request):
    """Return the text of each choice, in order."""
    need(not set(request) - KNOWN, f"unknown: {sorted(set(request) - KNOWN)}")
    prompts = request["prompt"]
    if provider == "ollama":
        need(isinstance(prompts, str), "cannot unmarshal array into Go struct field CompletionRequest.prompt of type string")
    prompts = prompts if isinstance(prompts, list) else [prompts]
    if isinstance(prompts[0], int):
        prompts = [prompts]
    count = 1 if provider == "ollama" else request.get("n") or 1
    return [f"After: {prompt}" for prompt in prompts for _ in range(count)]


def frame(request, **fields):
    return {"id": "cmpl-script", "object": "text_completion", "created": 1, "model": request["model"], **fields}


def choice(at, text, finish):
    return {"index": at, "text": text, "logprobs": None, "finish_reason": finish}


def whole(provider, request):
    found = [choice(at, text, "stop") for at, text in enumerate(choices(provider, request))]
    return frame(request, choices=found, usage=USAGE)


def stream(provider, request):
    """Yield the events and the end marker."""
    for at, text in enumerate(choices(provider, request)):
        for start in range(0, len(text), 5):
            yield event(frame(request, choices=[choice(at, text[start : start + 5], None)]))
        yield event(frame(request, choices=[choice(at, "", "stop")]))
    if (request.get("stream_options") or {}).get("include_usage"):
        yield event(frame(request, choices=[], usage=USAGE))
    yield b"data: [DONE]\n\n"
