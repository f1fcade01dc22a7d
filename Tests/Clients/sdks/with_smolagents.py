"""smolagents: its model, with which its agents ask, and the agents themselves."""

import json

from smolagents import LogLevel, OpenAIModel, ToolCallingAgent, tool
from smolagents.models import ChatMessage, agglomerate_stream_deltas

from base import *
from openais import FAULTS


@tool
def weather(city: str) -> str:
    """The weather of a city

    Args:
        city: The city.
    """
    return get_weather(city)


@tool
def time(city: str) -> str:
    """The time of a city

    Args:
        city: The city.
    """
    return get_time(city)


weather.name, time.name = TOOLS
TOOLS_LIST = [weather, time]


class Model(Client):
    name = "smolagents"
    faults = FAULTS
    # Results go back as words of the user's, not as results of calls, so `tools` has nothing to read. Its
    # schemas have no limits, so a random model that must call would never end, and there is no `required`.

    def make(self, model):
        options = {"max_retries": 0, "timeout": TIMEOUT}
        return OpenAIModel(model, api_base=URL + "/v1", api_key=KEY, client_kwargs=options, retry=False)

    @staticmethod
    def heard(message):
        usage = message.token_usage
        calls = message.tool_calls or []
        return Heard(
            text=message.content or "",
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in calls],
            finish=message.raw.choices[0].finish_reason if message.raw else None,
            prompt=usage and usage.input_tokens,
            completion=usage and usage.output_tokens,
        )

    @staticmethod
    def messages(text, system=None):
        return [ChatMessage.from_dict(message) for message in openai_messages([{"type": "text", "text": text}], system)]

    def ask(self, model, text, system=None, stop=None, **options):
        return self.heard(self.make(model).generate(self.messages(text, system), stop_sequences=stop, **options))

    def stream(self, model, text, system=None, **options):
        deltas = list(self.make(model).generate_stream(self.messages(text, system), **options))
        heard = self.heard(agglomerate_stream_deltas(deltas))
        heard.pieces = sum(bool(delta.content) for delta in deltas)
        return heard

    def tools_streamed(self, model, text):
        deltas = self.make(model).generate_stream(self.messages(text), tools_to_call_from=TOOLS_LIST, tool_choice="auto")
        return self.heard(agglomerate_stream_deltas(list(deltas))).calls, None

    def forced(self, model):
        choice = {"type": "function", "function": {"name": "get_time"}}
        return self.ask(model, "hello", tools_to_call_from=TOOLS_LIST, tool_choice=choice).calls

    def see(self, model, text):
        return self.heard(self.make(model).generate([{"role": "user", "content": openai_image(text)}]))

    def parse(self, model):
        form = {"type": "json_schema", "json_schema": {"name": "person", "schema": Person.model_json_schema()}}
        return Person.model_validate_json(self.ask(model, "Who?", response_format=form).text)

    def turns(self, model):
        turns = [turn | {"content": [{"type": "text", "text": turn["content"]}]} for turn in TURNS]
        return self.heard(self.make(model).generate(turns))

    def ended(self, model, task):
        """The answers of agents that act by calling tools, whole and streamed."""
        quiet = {"verbosity_level": LogLevel.OFF, "max_steps": 2}
        for streams in (False, True):
            yield ToolCallingAgent(tools=TOOLS_LIST, model=self.make(model), stream_outputs=streams, **quiet).run(task)


CLIENTS = [Model]
