"""A user gives `hoosh fit` a model name, which states the size of one expert or the size of the active parameters.
`hoosh fit` plans at least all parameters of the model, because all are in memory."""

import json

from kit import check, command, done

for name, billions in (
    ("Llama-4-Scout-17B-16E-Instruct", 109),
    ("Llama-4-Maverick-17B-128E", 400),
    ("Qwen3-30B-A3B", 30),
    ("Mixtral-8x7B-v0.1", 46),
    ("Qwen2.5-7B-Instruct-1M", 7),
    ("gpt-oss:120b", 116),
    ("llama3.1:8b-instruct-q4_K_M", 8),
):
    ran = command("fit", name, "--no-drivers", "--json")
    seen = json.loads(ran.out)["model"]["parameters"] if ran.out.startswith("{") else 0
    check(
        seen >= billions * 0.95e9,
        "%s: at least %d billion parameters" % (name, billions),
        "%.1f billion %s" % (seen / 1e9, ran.err),
    )
done()
