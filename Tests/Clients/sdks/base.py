"""The features that all clients are tested with, and the form of their results.

A client is a class with a `name` and the methods that its SDK has a way for; a feature whose method is missing is
"not applicable". Options are `system` and those in `settings`.

| method                          | what comes back                                          |
| ------------------------------- | -------------------------------------------------------- |
| ask(model, text, **options)     | `Heard`                                                  |
| stream(model, text, **options)  | `Heard`, with the number of pieces                       |
| stream_async(model, text)       | the same                                                 |
| tools(model, text)              | calls, and the answer once each was given its result     |
| tools_streamed(model, text)     | the same, both answers streamed                          |
| ended(model, task)              | answers of agents that end by calling `final_answer`     |
| forced(model)                   | calls, where `get_time` must be called                   |
| see(model, text)                | `Heard`, the question having the image `PNG`             |
| think(model), think_streamed    | `Heard` with the thought                                 |
| parse(model)                    | a `Person`                                               |
| turns(model)                    | `Heard`, after "Hi", "Hello!" and "report"               |
| models()                        | names                                                    |
| count(model, text)              | tokens                                                   |
| embed(model, texts, dimensions) | vectors, and tokens                                      |
| embed_one(model, text)          | a vector                                                 |
| complete(model, prompt)         | `Heard`, whole and streamed                              |

`finish` says how the client calls the reasons to stop; `faults` which class it raises for a status, `None` being for
a stream that breaks. `status` and `said` read the status and the message from what was raised.
"""

import asyncio
import base64
import os
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

URL = os.environ.get("HOOSH_URL", "http://127.0.0.1:8088")
KEY = "not-needed"
TIMEOUT = 30

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PNG_BASE64 = base64.b64encode(PNG).decode()
PNG_URL = "data:image/png;base64," + PNG_BASE64

# Limits keep a random model from generating forever.
CITY_MAX = 8
CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": CITY_MAX}}, "required": ["city"]}
TOOLS = {"get_weather": "The weather of a city", "get_time": "The time of a city"}
RESULTS = {"get_weather": "sunny in ", "get_time": "noon in "}

OPENAI_FINISH = {"stop": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter"}
ANTHROPIC_FINISH = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "refusal"}
OLLAMA_FINISH = {"stop": "stop", "length": "length", "tools": "stop"}
GEMINI_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "filter": "SAFETY"}


class Person(BaseModel):
    """A person."""

    name: str = Field(max_length=12)
    age: int = Field(ge=0, le=150)


def get_weather(city: str) -> str:
    """The weather of a city"""
    return RESULTS["get_weather"] + city


def get_time(city: str) -> str:
    """The time of a city"""
    return RESULTS["get_time"] + city


FUNCTIONS = {"get_weather": get_weather, "get_time": get_time}


# One loop for all: clients keep connections that belong to the loop in which they were opened.
LOOP = asyncio.new_event_loop()


def wait(work):
    """Run a coroutine and return its result."""
    return LOOP.run_until_complete(work)


def run(name, arguments):
    """Return the result of a tool."""
    return FUNCTIONS[name](**arguments)


@dataclass
class Heard:
    """An answer as its client reports it. Counts that the client does not report are `None`."""

    text: str = ""
    thought: str = ""
    calls: list = field(default_factory=list)
    finish: str | None = None
    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    pieces: int = 0


class Client:
    """The behavior that most clients share."""

    name = ""
    finish = OPENAI_FINISH
    faults = {}
    # Whether it accepts an answer that was cut off by the limit.
    takes_cut_answers = True
    # Whether its exception for a failed stream contains the provider's message.
    keeps_words = True
    # Whether its streams request usage.
    counts_streams = True
    # Whether it relies on the server for answers that match the schema.
    is_held_to_schemas = True
    # Whether it takes more than one tool call of an answer.
    calls_in_parallel = True
    # The options that it supports.
    settings = {"temperature": 0.5, "max_tokens": 500, "stop": ["END"]}

    def status(self, fault):
        return fault.status_code

    def said(self, fault):
        return str(fault)


def openai_tools():
    """Return the tools in OpenAI's format."""
    return [
        {"type": "function", "function": {"name": name, "description": text, "parameters": CITY}}
        for name, text in TOOLS.items()
    ]


def openai_messages(text, system=None):
    """Return a prompt in OpenAI's format."""
    start = [{"role": "system", "content": system}] if system else []
    return [*start, {"role": "user", "content": text}]


def openai_image(text):
    """Return a prompt about the image in OpenAI's format."""
    return [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": PNG_URL}}]


TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "report"},
]
