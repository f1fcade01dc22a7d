"""Known failures and their reasons, by patterns of client, feature, and provider. They do not fail a run."""

KNOWN: list[tuple[str, str, str, str]] = []
