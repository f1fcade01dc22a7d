"""aisuite, one interface over the SDKs of providers: OpenAI's, Anthropic's, and OpenAI's again for Ollama."""

import json
import re

import aisuite
import anthropic
from aisuite.provider import LLMError

from base import *
from openais import FAULTS, root


class Suite(Client):
    """The part that the three have in common."""

    faults = dict.fromkeys((400, 404, 429, 500), LLMError) | {None: FAULTS[None]}
    provider, options = "", {}

    def __init__(self):
        options = {"api_key": KEY, "max_retries": 0, "timeout": TIMEOUT} | self.options
        self.chat = aisuite.Client({self.provider: options}).chat.completions

    def status(self, fault):
        return root(fault).status_code

    def _ask(self, model, messages, **options):
        return self.chat.create(model=f"{self.provider}:{model}", messages=messages, **options)

    @staticmethod
    def heard(answer):
        choice = answer.choices[0]
        return Heard(
            text=choice.message.content or "",
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or []],
            finish=choice.finish_reason,
            prompt=answer.usage.prompt_tokens,
            completion=answer.usage.completion_tokens,
        )

    @staticmethod
    def gather(heard, chunk):
        for choice in chunk.choices:
            heard.text += choice.delta.content or ""
            heard.pieces += bool(choice.delta.content)
            heard.finish = choice.finish_reason or heard.finish

    def ask(self, model, text, system=None, **options):
        return self.heard(self._ask(model, openai_messages(text, system), **options))

    def stream(self, model, text, system=None, **options):
        heard = Heard()
        for chunk in self._ask(model, openai_messages(text, system), stream=True, **options):
            self.gather(heard, chunk)
        if heard.finish is None:
            raise RuntimeError("the stream broke off")
        return heard

    def stream_async(self, model, text):
        async def work():
            heard = Heard()
            messages = openai_messages(text)
            async for chunk in await self.chat.acreate(model=f"{self.provider}:{model}", messages=messages, stream=True):
                self.gather(heard, chunk)
            return heard

        return wait(work())

    def tools(self, model, text):
        answer = self._ask(model, openai_messages(text), tools=[get_weather, get_time], max_turns=2)
        told = [message for message in answer.choices[0].intermediate_messages if not isinstance(message, dict)]
        calls = [call.function for message in told for call in message.tool_calls or []]
        # The results went as JSON.
        text = re.sub('"[^"]*"', lambda found: json.loads(found[0]), answer.choices[0].message.content)
        return [(call.name, json.loads(call.arguments)) for call in calls], text

    def see(self, model, text):
        return self.heard(self._ask(model, [{"role": "user", "content": openai_image(text)}]))

    def turns(self, model):
        return self.heard(self._ask(model, list(TURNS)))


class OpenAI(Suite):
    name = "aisuite openai"
    provider, options = "openai", {"base_url": URL + "/v1"}

    def parse(self, model):
        form = {"type": "json_schema", "json_schema": {"name": "person", "schema": Person.model_json_schema()}}
        return Person.model_validate_json(self.ask(model, "Who?", response_format=form).text)


class Anthropic(Suite):
    name = "aisuite anthropic"
    provider, options = "anthropic", {"base_url": URL}
    calls_in_parallel = False  # It takes the first call of an answer, and no other.
    settings = None  # The SDK no longer knows `temperature`.
    faults = {
        400: anthropic.BadRequestError,
        404: anthropic.NotFoundError,
        429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
        None: anthropic.APIError,
    }


class Ollama(OpenAI):
    name = "aisuite ollama"
    provider, options = "ollama", {"base_url": URL}


CLIENTS = [OpenAI, Anthropic, Ollama]
