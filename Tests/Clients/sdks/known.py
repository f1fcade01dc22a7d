"""What is known not to work, and why: patterns of a client, a feature and a provider. None of it fails a run."""

KNOWN: list[tuple[str, str, str, str]] = []
