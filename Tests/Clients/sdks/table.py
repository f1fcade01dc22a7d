"""Print the results of the suites: table.py RESULT.json…

Clients are rows and features columns. ✓ all providers; ✗ with the providers where it failed, o for OpenAI's dialect,
a for Anthropic's, l for Ollama's, g for Gemini's; (✗) the same, where it is known; – the client has no such feature.
"""

import collections
import json
import sys

LETTERS = {"to-openai": "o", "to-anthropic": "a", "to-ollama": "l", "to-gemini": "g", None: "", "tiny": ""}


def cell(outcomes):
    """Return the cell of one client and one feature."""
    if not outcomes or all(outcome == "skipped" for outcome in outcomes.values()):
        return "–"
    bad = [LETTERS.get(upstream, upstream) for upstream, outcome in outcomes.items() if outcome == "failed"]
    known = [LETTERS.get(upstream, upstream) for upstream, outcome in outcomes.items() if outcome == "known"]
    if bad:
        return "✗" + "".join(bad)
    return f"(✗{''.join(known)})" if known else "✓"


def show(heads, rows):
    """Return a table, with numbered columns if it is too wide for a terminal."""
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    for row in [heads, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(f"{text:{width}}" for text, width in zip(row, widths)) + " |")


def main():
    names, reasons = [], collections.defaultdict(list)
    table = collections.defaultdict(lambda: collections.defaultdict(dict))
    for path in sys.argv[1:]:
        try:
            results = json.load(open(path))
        except OSError:
            continue  # The suite could not start, which it reports itself.
        names += results["clients"]
        for client, feature, upstream, outcome, why in results["outcomes"]:
            table[feature][client][upstream] = outcome
            if outcome == "failed":
                reasons[client, feature, why].append(upstream)
    features = list(table)
    print()
    for at, feature in enumerate(features, 1):
        print(f"{at:2} {feature}", end="\n" if at % 6 == 0 or at == len(features) else "; ")
    show(
        ["client", *map(str, range(1, len(features) + 1))],
        [[name, *(cell(table[feature].get(name)) for feature in features)] for name in names],
    )
    for (client, feature, why), upstreams in reasons.items():
        print(f"✗ {client}, {feature}, {' '.join(map(str, upstreams))}: {why}")
    print()


main()
