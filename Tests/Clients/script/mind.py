"""The behavior of the scripted model, independent of the dialect.

It calls a tool when there are tools and the last turn is the user's (each tool once if the turn says "both"), repeats
what a tool said, fills a schema, says what images it saw, reports in JSON how it understood the request when the turn
begins with "report", and says the user's words back otherwise. A model whose name ends in `agent` is for programs that
bring their own tools and prompts: it calls what "call NAME with {…}" says, and nothing else.
"""

import base64
import json
import re
from dataclasses import asdict, dataclass, field

THOUGHT = "Let me think about it. "
SIGNATURE = base64.b64encode(b"signed by the script").decode()
PROMPT_TOKENS, COMPLETION_TOKENS, CACHED_TOKENS = 100, 7, 80


class Refused(Exception):
    """The real provider would reject the request."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


def need(condition, message):
    """Raise `Refused` unless a condition of the provider holds."""
    if not condition:
        raise Refused(message)


@dataclass
class Turn:
    """A message of the conversation; tool results belong to the user."""

    role: str
    text: str = ""
    images: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    results: list = field(default_factory=list)
    thought: str = ""


@dataclass
class Tool:
    name: str
    schema: dict
    description: str = ""


@dataclass
class Asked:
    """A request, independent of its dialect."""

    dialect: str
    model: str
    system: str = ""
    turns: list = field(default_factory=list)
    tools: list = field(default_factory=list)
    choice: str = "auto"  # or none, required, or a tool's name
    settings: dict = field(default_factory=dict)
    schema: dict | None = None
    wants_json: bool = False
    thinks: bool = False
    unknown: list = field(default_factory=list)

    @property
    def word(self):
        """Return the last word of the model's name, which selects the behavior."""
        return self.model.rpartition("-")[2]


@dataclass
class Said:
    """An answer, independent of its dialect."""

    text: str = ""
    thought: str = ""
    calls: list = field(default_factory=list)  # pairs of name and arguments
    finish: str = "stop"  # or length, tools, filter
    cached: int = 0

    def pieces(self):
        """Yield the text as a model generates it, a few characters at a time."""
        return [self.text[at : at + 5] for at in range(0, len(self.text), 5)]


def answer(asked):
    """Return the model's answer."""
    need(asked.turns, "there is no turn to answer")
    last = asked.turns[-1]
    said = Said(thought=THOUGHT if asked.thinks else "")
    if last.results:
        said.text = "The tools said: " + "; ".join(last.results)
    elif asked.word == "agent":
        said.calls = ordered(last.text)
        said.finish = "tools" if said.calls else "stop"
    elif asked.tools and asked.choice != "none" and last.role == "user":
        said.calls = [(tool.name, sample(tool.schema)) for tool in chosen(asked, last.text)]
        said.finish = "tools"
    if not said.text and not said.calls:
        said.text = words(asked, last)
    if asked.word == "long":
        said.text, said.finish = said.text[:10], "length"
    elif asked.word == "filtered":
        said.text, said.finish = "I", "filter"
    elif asked.word == "cached":
        said.cached = CACHED_TOKENS
    return said


def chosen(asked, text):
    """Return the tool calls."""
    if asked.choice not in ("auto", "required"):
        return [tool for tool in asked.tools if tool.name == asked.choice]
    return asked.tools if "both" in text else asked.tools[:1]


def ordered(text):
    """Return the tool call that the text requests."""
    found = re.search(r"call (\w+) with (?=\{)", text)
    return [(found[1], json.JSONDecoder().raw_decode(text, found.end())[0])] if found else []


def words(asked, last):
    """Return the text of an answer without tool calls."""
    if asked.schema is not None:
        return json.dumps(sample(asked.schema), ensure_ascii=False)
    if asked.wants_json or "json_schema" in asked.system:  # Some clients request JSON in the prompt.
        return '{"name": "Zürich", "age": 36}'
    if last.text.startswith("report"):
        return json.dumps(asdict(asked), ensure_ascii=False)
    if last.images:
        return "I see " + " and ".join(last.images)
    return "You said: " + last.text


def sample(schema, root=None):
    """Return a value that the schema allows."""
    root = root or schema
    if "$ref" in schema:
        found = root
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return sample(found, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "any_of"):
        if key in schema:
            return sample(schema[key][0], root)
    kind = schema.get("type", "object")
    kind = (kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        return {name: sample(each, root) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {"type": "string"}), root)]
    return {"string": "Zürich", "integer": 36, "number": 1.5, "boolean": True, "null": None}[kind]


def image(media, data):
    """Return the description of an image."""
    return f"{media} of {len(base64.b64decode(data, validate=True))} bytes"
