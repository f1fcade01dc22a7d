"""Mirascope, one interface over the SDKs of providers, for chat completions and responses.

It needs older SDKs of Anthropic and Google than are tested here.
"""

import functools
import json

from mirascope import llm

from base import *

TOOLS_LIST = [llm.tool(get_weather), llm.tool(get_time)]


@functools.cache
def provider(name, scope):
    """Register a provider for models whose names begin with a scope."""
    made = llm.register_provider(name, scope=scope, api_key=KEY, base_url=URL + "/v1")
    # It leaves the number of retries to the SDK.
    made.client = made.client.with_options(max_retries=0, timeout=TIMEOUT)
    return made


class Mirascope(Client):
    """The part that both have in common."""

    faults = {
        400: llm.BadRequestError,
        404: llm.NotFoundError,
        429: llm.RateLimitError,
        500: llm.ServerError,
        None: Exception,
    }
    finish = {"stop": None, "length": "max_tokens", "tools": None, "filter": "refusal"}
    provider, scope = "", ""

    def make(self, model, **options):
        provider(self.provider, self.scope)
        return llm.Model(self.scope + model, **options)

    @staticmethod
    def heard(response):
        usage = response.usage
        return Heard(
            text="".join(part.text for part in response.texts),
            thought="".join(part.thought for part in response.thoughts),
            calls=[(call.name, json.loads(call.args)) for call in response.tool_calls],
            finish=response.finish_reason and response.finish_reason.value,
            prompt=usage and usage.input_tokens,
            completion=usage and usage.output_tokens,
        )

    @staticmethod
    def messages(text, system=None):
        return [*([llm.messages.system(system)] if system else []), llm.messages.user(text)]

    def ask(self, model, text, system=None, **options):
        return self.heard(self.make(model, **options).call(self.messages(text, system)))

    def stream(self, model, text, system=None, **options):
        response = self.make(model, **options).stream(self.messages(text, system))
        pieces = list(response.text_stream())
        heard = self.heard(response)
        heard.pieces = len(pieces)
        return heard

    def stream_async(self, model, text):
        async def work():
            response = await self.make(model).stream_async(self.messages(text))
            pieces = [piece async for piece in response.text_stream()]
            heard = self.heard(response)
            heard.pieces = len(pieces)
            return heard

        return wait(work())

    def tools(self, model, text):
        response = self.make(model).call(self.messages(text), tools=TOOLS_LIST)
        return self.heard(response).calls, self.heard(response.resume(response.execute_tools())).text

    def tools_streamed(self, model, text):
        response = self.make(model).stream(self.messages(text), tools=TOOLS_LIST)
        response.finish()
        last = response.resume(response.execute_tools())
        last.finish()
        return self.heard(response).calls, self.heard(last).text

    def see(self, model, text):
        content = [text, llm.Image.from_bytes(PNG)]
        return self.heard(self.make(model).call([llm.messages.user(content)]))

    def parse(self, model):
        return self.make(model).call(self.messages("Who?"), format=llm.format(Person, mode="strict")).parse()

    def turns(self, model):
        said = llm.messages.assistant("Hello!", model_id=None, provider_id=None)
        turns = [*self.messages("Hi", "Be brief."), said, llm.messages.user("report")]
        return self.heard(self.make(model).call(turns))


class Chat(Mirascope):
    name = "mirascope openai"
    settings = {"max_tokens": 500}  # It takes a model that it does not know for one that reasons.
    provider, scope = "openai:completions", "chat/"


class Responses(Mirascope):
    name = "mirascope responses"
    settings = {"temperature": 0.5, "max_tokens": 500}
    provider, scope = "openai:responses", "responses/"

    def think(self, model):
        return self.ask(model, "hello", thinking={"level": "medium", "include_thoughts": True}, max_tokens=2048)

    def think_streamed(self, model):
        return self.stream(model, "hello", thinking={"level": "medium", "include_thoughts": True}, max_tokens=2048)


CLIENTS = [Chat, Responses]
