#!/usr/bin/env python3
"""Write hoosh's model catalog (JSON lines) from a public one.

    model_catalog.py litellm model_prices_and_context_window.json --date 2026-11-24 > Sources/Gateway/Data/models.jsonl
    model_catalog.py modelsdev api.json --date 2026-11-24 > Sources/Gateway/Data/models.jsonl
    model_catalog.py openrouter models.json --date 2026-11-24 > Sources/Gateway/Data/models.jsonl

Sources and their units:
- LiteLLM's `model_prices_and_context_window.json` (MIT; also in its wheel on PyPI): US dollars per token.
- models.dev's `api.json` (MIT): US dollars per million tokens.
- OpenRouter's `GET /api/v1/models`: US dollars per token, as strings.

Ours are millionths of a US dollar per million tokens, as integers. An unknown price is omitted, not zero. Only models of
provider types that hoosh supports are included.
"""

import argparse
import datetime
import json
import re
import sys
from decimal import Decimal, InvalidOperation

# Their provider names, mapped to the names of our provider types.
LITELLM = {
    "openai": "openai", "anthropic": "anthropic", "gemini": "google", "mistral": "mistral", "deepseek": "deepseek",
    "groq": "groq", "openrouter": "openrouter", "xai": "grok", "ollama": "ollama", "text-completion-openai": "openai",
}
MODELSDEV = {
    "openai": "openai", "anthropic": "anthropic", "google": "google", "mistral": "mistral", "deepseek": "deepseek",
    "groq": "groq", "openrouter": "openrouter", "xai": "grok", "ollama": "ollama",
}
MODES = {"chat": "chat", "responses": "chat", "completion": "chat", "embedding": "embeddings"}
CLASSES = ["input", "output", "cache_read", "cache_write", "cache_write_long", "reasoning", "audio_in", "audio_out"]


def number(value):
    """Return a price as a Decimal, or None if it is missing or negative (OpenRouter: variable)."""
    if value is None or isinstance(value, bool):
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return None
    return price if price.is_finite() and price >= 0 else None


def whole(price, factor):
    """Return a price in our unit, rounded."""
    return None if price is None else int((price * factor).to_integral_value())


def prices(found, factor):
    """Return the known prices, or none unless both the input and the output price are known."""
    out = {key: whole(number(found.get(key)), factor) for key in CLASSES}
    if out["input"] is None or out["output"] is None:
        return None
    same = {"cache_write_long": "cache_write", "reasoning": "output", "audio_in": "input", "audio_out": "output"}
    return {key: value for key, value in out.items() if value is not None and value != out.get(same.get(key, ""))}


def tokens(value):
    """Return a number of tokens, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def row(provider, model, context, output, can, found, factor, above=()):
    """Return one line of the catalog."""
    line = {"provider": provider, "model": model}
    if tokens(context):
        line["context"] = context
    if tokens(output):
        line["output"] = output
    line["can"] = can
    known = prices(found, factor)
    if known:
        bands = []
        for limit, other in sorted(above):
            changed = {key: whole(number(other.get(key)), factor) for key in CLASSES}
            changed = {key: value for key, value in changed.items() if value is not None and value != known.get(key)}
            if changed:
                bands.append({"tokens": limit, **changed})
        if bands:
            known["above"] = bands[:7]
        line["prices"] = known
    return line


def litellm(source):
    """Yield the rows of LiteLLM's map from names to models."""
    names = {
        "input": "input_cost_per_token", "output": "output_cost_per_token",
        "cache_read": "cache_read_input_token_cost", "cache_write": "cache_creation_input_token_cost",
        "cache_write_long": "cache_creation_input_token_cost_above_1hr",
        "reasoning": "output_cost_per_reasoning_token", "audio_in": "input_cost_per_audio_token",
        "audio_out": "output_cost_per_audio_token",
    }
    abilities = [
        ("supports_function_calling", "tools"), ("supports_vision", "vision"), ("supports_response_schema", "schema"),
        ("supports_reasoning", "reasoning"), ("supports_audio_input", "audio_in"),
        ("supports_audio_output", "audio_out"), ("supports_pdf_input", "documents"),
        ("supports_prompt_caching", "caching"),
    ]
    for key, model in source.items():
        provider = LITELLM.get(model.get("litellm_provider"))
        mode = MODES.get(model.get("mode"))
        # Fine-tuned models have individual names.
        if not provider or not mode or key.startswith("ft:"):
            continue
        prefix = model["litellm_provider"] + "/"
        name = key[len(prefix):] if key.startswith(prefix) else key
        found = {ours: model.get(theirs) for ours, theirs in names.items()}
        # A zero in the map often means unknown.
        if provider != "ollama" and not found["input"] and not found["output"]:
            found = {}
        if not found.get("cache_write"):
            found.pop("cache_write", None)
        limits = {int(m.group(1)) * 1000 for k in model if (m := re.search(r"_above_(\d+)k_tokens$", k))}
        above = [
            (limit, {ours: model.get(f"{theirs}_above_{limit // 1000}k_tokens") for ours, theirs in names.items()})
            for limit in limits
        ]
        can = [mode] + [word for flag, word in abilities if model.get(flag)]
        yield row(
            provider, name, model.get("max_input_tokens"), model.get("max_output_tokens"), can, found, 10**12, above)


def modelsdev(source):
    """Yield the rows of models.dev's map from providers to their models."""
    for key, provider in source.items():
        if key not in MODELSDEV:
            continue
        for name, model in provider.get("models", {}).items():
            cost = model.get("cost", {})
            found = {
                "input": cost.get("input"), "output": cost.get("output"), "cache_read": cost.get("cache_read"),
                "cache_write": cost.get("cache_write"), "reasoning": cost.get("reasoning"),
                "audio_in": cost.get("input_audio"), "audio_out": cost.get("output_audio"),
            }
            over = cost.get("context_over_200k") or {}
            inputs = model.get("modalities", {}).get("input", [])
            outputs = model.get("modalities", {}).get("output", [])
            can = ["chat" if "text" in outputs else "embeddings"]
            can += ["tools"] if model.get("tool_call") else []
            can += ["vision"] if "image" in inputs else []
            can += ["schema"] if model.get("structured_output") else []
            can += ["reasoning"] if model.get("reasoning") else []
            can += ["audio_in"] if "audio" in inputs else []
            can += ["audio_out"] if "audio" in outputs else []
            can += ["documents"] if "pdf" in inputs else []
            can += ["caching"] if "cache_read" in cost else []
            limit = model.get("limit", {})
            yield row(
                MODELSDEV[key], name, limit.get("input") or limit.get("context"), limit.get("output"), can, found, 10**6,
                [(200_000, over)] if over else [])


def openrouter(source):
    """Yield the rows of OpenRouter's model list."""
    for model in source.get("data", []):
        cost = model.get("pricing", {})
        found = {
            "input": cost.get("prompt"), "output": cost.get("completion"), "cache_read": cost.get("input_cache_read"),
            "cache_write": cost.get("input_cache_write"), "reasoning": cost.get("internal_reasoning"),
            "audio_in": cost.get("audio"),
        }
        # Some zero prices mean that the feature does not exist.
        for key in ["cache_read", "cache_write", "reasoning", "audio_in"]:
            if number(found[key]) == 0:
                found[key] = None
        architecture = model.get("architecture", {})
        inputs = architecture.get("input_modalities", [])
        outputs = architecture.get("output_modalities", [])
        supported = model.get("supported_parameters", [])
        can = ["chat"]
        can += ["tools"] if "tools" in supported else []
        can += ["vision"] if "image" in inputs else []
        can += ["schema"] if "structured_outputs" in supported else []
        can += ["reasoning"] if "reasoning" in supported else []
        can += ["audio_in"] if "audio" in inputs else []
        can += ["audio_out"] if "audio" in outputs else []
        can += ["documents"] if "file" in inputs else []
        top = model.get("top_provider") or {}
        context = top.get("context_length") or model.get("context_length")
        yield row("openrouter", model["id"], context, top.get("max_completion_tokens"), can, found, 10**12)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("format", choices=["litellm", "modelsdev", "openrouter"])
    parser.add_argument("file")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="the day of the file")
    parser.add_argument("--source", help="what the first line says of where it is from")
    arguments = parser.parse_args()
    with open(arguments.file, encoding="utf-8") as file:
        source = json.load(file)
    convert = {"litellm": litellm, "modelsdev": modelsdev, "openrouter": openrouter}[arguments.format]
    rows = {}
    for line in convert(source):
        rows.setdefault((line["provider"], line["model"]), line)
    header = {"models": 1, "date": arguments.date, "source": arguments.source or arguments.format}
    for line in [header] + [rows[key] for key in sorted(rows)]:
        print(json.dumps(line, separators=(",", ":"), ensure_ascii=False))
    print(f"{len(rows)} models", file=sys.stderr)


if __name__ == "__main__":
    main()
