"""What is known not to work, and why: patterns of a client, a feature and a provider. None of it fails a run."""

KNOWN = [
    ("llm ollama", "image", "*", "the gateway cannot tell whether a model sees, so it does not say so"),
]
