"""Agno, whose agents call tools by themselves, over four SDKs."""

import ollama
from agno.agent import Agent
from agno.exceptions import ModelProviderError
from agno.media import Image
from agno.models.anthropic import Claude
from agno.models.google import Gemini
from agno.models.message import Message
from agno.models.ollama import Ollama as OllamaModel
from agno.models.openai import OpenAIResponses
from agno.models.openai.like import OpenAILike
from agno.run.agent import RunContentEvent

from base import *


class Agno(Client):
    """The part that all have in common; `make` returns the model."""

    faults = dict.fromkeys((400, 404, 429, 500), ModelProviderError) | {None: Exception}
    finish = dict.fromkeys(("stop", "length"))  # It does not say why an answer ends.

    def make(self, model, **options):
        raise NotImplementedError

    def agent(self, model, system=None, settings=None, **options):
        return Agent(model=self.make(model, **(settings or {})), system_message=system, telemetry=False, **options)

    @staticmethod
    def messages(text, system=None):
        return [Message(**message) for message in openai_messages(text, system)]

    @staticmethod
    def heard(output, usage=None):
        usage = usage or output.metrics
        return Heard(
            text=output.content or "",
            thought=output.reasoning_content or "",
            prompt=usage.input_tokens,
            completion=usage.output_tokens,
        )

    # An agent makes text of a failure, so these ask the model itself.

    def ask(self, model, text, system=None, **options):
        answer = self.make(model, **options).response(self.messages(text, system))
        return self.heard(answer, answer.response_usage)

    def stream(self, model, text, system=None, **options):
        answers = list(self.make(model, **options).response_stream(self.messages(text, system)))
        pieces = [answer.content for answer in answers if answer.content]
        return Heard(text="".join(pieces), pieces=len(pieces))

    def stream_async(self, model, text):
        async def work():
            return [event async for event in self.agent(model).arun(text, stream=True, yield_run_output=True)]

        *events, output = wait(work())
        heard = self.heard(output)
        heard.pieces = sum(isinstance(event, RunContentEvent) and bool(event.content) for event in events)
        return heard

    def tools(self, model, text):
        return self._calls(self.agent(model, tools=self.chosen(text)).run(text))

    def tools_streamed(self, model, text):
        [*_, output] = self.agent(model, tools=self.chosen(text)).run(text, stream=True, yield_run_output=True)
        return self._calls(output)

    @staticmethod
    def chosen(text):
        """Return the tools, which it sorts by name, so that the first is not the weather's."""
        return [get_weather, get_time] if text == "both" else [get_weather]

    @staticmethod
    def _calls(output):
        calls = [(call.tool_name, call.tool_args) for call in output.tools]
        said = output.content.removeprefix("The tools said: ").split("; ")
        return calls[::-1], "The tools said: " + "; ".join(said[::-1])

    def see(self, model, text):
        return self.heard(self.agent(model).run(text, images=[Image(content=PNG, mime_type="image/png")]))

    def parse(self, model):
        return self.agent(model, output_schema=Person).run("Who?").content

    def turns(self, model):
        turns = [Message(**turn) for turn in TURNS[1:]]
        return self.heard(self.agent(model, "Be brief.").run(turns))


class Chat(Agno):
    name = "agno openai"

    def make(self, model, **options):
        return OpenAILike(model, base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT, **options)

    def think(self, model):
        return self.heard(self.agent(model, settings={"reasoning_effort": "high"}).run("hello"))


class Responses(Agno):
    name = "agno responses"
    keeps_words = False  # It passes over the event of a failure, and finds the connection closed.
    settings = {"temperature": 0.5, "max_tokens": 500}

    def make(self, model, max_tokens=None, **options):
        options |= {"max_output_tokens": max_tokens} if max_tokens else {}
        return OpenAIResponses(model, base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT, **options)


class Anthropic(Agno):
    name = "agno anthropic"
    is_held_to_schemas = False  # It puts the schema into the prompt.
    settings = None  # The SDK no longer knows `temperature`.

    def make(self, model, **options):
        client = {"base_url": URL, "max_retries": 0}
        return Claude(model, api_key=KEY, timeout=TIMEOUT, client_params=client, **options)

    def think(self, model):
        return self.heard(self.agent(model, settings={"thinking": {"type": "enabled", "budget_tokens": 1024}}).run("hello"))


class Ollama(Agno):
    name = "agno ollama"
    faults = dict.fromkeys((400, 404, 429, 500), ollama.ResponseError) | {None: Exception}

    def make(self, model, max_tokens=None, **options):
        options |= {"num_predict": max_tokens} if max_tokens else {}
        return OllamaModel(model, host=URL, timeout=TIMEOUT, options=options)


class Google(Agno):
    name = "agno google"
    keeps_words = False  # The message of its exception for a stream is an object's address.

    def make(self, model, max_tokens=None, stop=None, **options):
        options |= {"max_output_tokens": max_tokens} if max_tokens else {}
        options |= {"stop_sequences": stop} if stop else {}
        client = {"http_options": {"base_url": URL, "timeout": TIMEOUT * 1000}}
        return Gemini(model, api_key=KEY, client_params=client, **options)


CLIENTS = [Chat, Responses, Anthropic, Ollama, Google]
