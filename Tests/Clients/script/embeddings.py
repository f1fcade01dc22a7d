"""Embeddings in three dialects. Sources: the types of openai-python, ollama-python, and google-genai.

The vector of a text is `vector(text)`; the server rejects what the real providers reject.
"""

import base64
import struct

from .mind import need

TOKENS = 5
DIMENSIONS = 4
OPENAI = {"model", "input", "encoding_format", "dimensions", "user"}
OLLAMA = {"model", "input", "truncate", "dimensions", "options", "keep_alive"}
LEGACY = {"model", "prompt", "options", "keep_alive"}
GEMINI = {"model", "content", "taskType", "title", "outputDimensionality", "embedContentConfig"}


def vector(text, dimensions=None):
    """Return numbers that depend on the text, and that 32 bits hold exactly."""
    return [(ord(char) % 128) / 128 for char in (text + "abcdefgh")[: dimensions or DIMENSIONS]]


def known(request, names):
    unknown = sorted(set(request) - names)
    need(not unknown, f"Unknown name {unknown}")


def texts(value):
    found = [value] if isinstance(value, str) else value
    need(isinstance(found, list) and found and all(isinstance(each, str) for each in found), "the input is no text")
    return found


def openai(request):
    known(request, OPENAI)
    value = request["input"]
    if isinstance(value, list) and value and not isinstance(value[0], str):
        value = [str(each) for each in (value if isinstance(value[0], list) else [value])]
    found = [vector(text, request.get("dimensions")) for text in texts(value)]
    if request.get("encoding_format") == "base64":
        found = [base64.b64encode(struct.pack(f"<{len(each)}f", *each)).decode() for each in found]
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(found)]
    return {"object": "list", "data": data, "model": request["model"], "usage": {"prompt_tokens": TOKENS, "total_tokens": TOKENS}}


def ollama(request):
    known(request, OLLAMA)
    found = [vector(text, request.get("dimensions")) for text in texts(request["input"])]
    counts = {"total_duration": 2, "load_duration": 1, "prompt_eval_count": TOKENS}
    return {"model": request["model"], "embeddings": found} | counts


def legacy(request):
    known(request, LEGACY)
    return {"embedding": vector(request["prompt"])}


def gemini(request, model):
    known(request, GEMINI)
    need(request.get("model") in (None, "models/" + model), "the request names another model than the path")
    text = "".join(part["text"] for part in request["content"]["parts"])
    return {"values": vector(text, request.get("outputDimensionality"))}


def gemini_batch(request, model):
    known(request, {"requests"})
    need(len(request["requests"]) <= 100, "at most 100 requests can be in one batch")
    return {"embeddings": [gemini(each, model) for each in request["requests"]]}
