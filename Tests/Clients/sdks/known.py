"""Known failures and their reasons, by patterns of client, feature, and provider. They do not fail a run."""

TGI = "hoosh passes over the schema of a format as text-generation-inference has it: a json_object with a value"

KNOWN: list[tuple[str, str, str, str]] = [
    ("huggingface-hub", "schema", "to-anthropic", TGI),
    ("huggingface-hub", "real schema", "*", TGI),
]
