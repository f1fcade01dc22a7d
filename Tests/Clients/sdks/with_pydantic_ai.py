"""Pydantic AI, whose agents call tools and check answers by themselves, over five SDKs."""

import functools

import anthropic
import groq
import openai
from mistralai.client import Mistral
from pydantic_ai import Agent, BinaryContent, ModelHTTPError
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ThinkingPart, ToolCallPart, UserPromptPart
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.groq import GroqModel
from pydantic_ai.models.mistral import MistralModel
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.groq import GroqProvider
from pydantic_ai.providers.mistral import MistralProvider
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider

from base import *


class Agents(Client):
    """The tests of all agents; `make` returns the model."""

    faults = dict.fromkeys((400, 404, 429, 500), ModelHTTPError) | {None: Exception}
    finish = {"stop": "stop", "length": "length", "tools": "tool_call", "filter": "content_filter"}
    thinking = None
    is_held_to_schemas = False  # They make a tool of the schema.

    def make(self, model):
        raise NotImplementedError

    def agent(self, model, system=None, **options):
        return Agent(self.make(model), system_prompt=system or (), **({"retries": 0} | options))

    @staticmethod
    def heard(result):
        last = result.all_messages()[-1]
        return Heard(
            text="".join(part.content for part in last.parts if isinstance(part, TextPart)),
            thought="".join(part.content for part in last.parts if isinstance(part, ThinkingPart)),
            finish=last.finish_reason,
            prompt=last.usage.input_tokens,
            completion=last.usage.output_tokens,
            cached=last.usage.cache_read_tokens,
        )

    def ask(self, model, text, system=None, stop=None, **options):
        options |= {"stop_sequences": stop} if stop else {}
        # A model that speaks at random may say nothing, which an agent does not take for an answer.
        return self.heard(wait(self.agent(model, system, retries=5).run(text, model_settings=options)))

    def stream(self, model, text, system=None, **options):
        async def work():
            agent = self.agent(model, system, retries=5)
            async with agent.run_stream(text, model_settings=options) as result:
                pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            heard = self.heard(result)
            heard.pieces = len(pieces)
            return heard

        return wait(work())

    def tools(self, model, text):
        return self._calls(wait(self.agent(model, tools=[get_weather, get_time]).run(text)))

    def tools_streamed(self, model, text):
        async def work():
            async with self.agent(model, tools=[get_weather, get_time]).run_stream(text) as result:
                await result.get_output()
            return result

        return self._calls(wait(work()))

    @staticmethod
    def _calls(result):
        parts = [part for message in result.all_messages() for part in message.parts]
        calls = [(part.tool_name, part.args_as_dict()) for part in parts if isinstance(part, ToolCallPart)]
        return calls, Agents.heard(result).text

    def see(self, model, text):
        return self.heard(wait(self.agent(model).run([text, BinaryContent(PNG, media_type="image/png")])))

    def parse(self, model):
        return wait(self.agent(model, output_type=Person).run("Who?")).output

    def turns(self, model):
        history = [ModelRequest([UserPromptPart("Hi")]), ModelResponse([TextPart("Hello!")])]
        agent = Agent(self.make(model), instructions="Be brief.", retries=0)
        return self.heard(wait(agent.run("report", message_history=history)))

    def _think(self, model):
        return self.heard(wait(self.agent(model).run("hello", model_settings=self.thinking)))


# Clients are made once: each reads the system's certificates.


@functools.cache
def openai_client():
    return openai.AsyncOpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT)


@functools.cache
def anthropic_provider():
    client = anthropic.AsyncAnthropic(base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT)
    return AnthropicProvider(anthropic_client=client)


@functools.cache
def google_provider():
    return GoogleProvider(api_key=KEY, base_url=URL)


@functools.cache
def mistral_provider():
    return MistralProvider(mistral_client=Mistral(api_key=KEY, server_url=URL, timeout_ms=TIMEOUT * 1000))


@functools.cache
def groq_provider():
    client = groq.AsyncGroq(base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT)
    return GroqProvider(groq_client=client)


class Chat(Agents):
    name = "pydantic-ai openai"
    thinking = {"openai_reasoning_effort": "high"}
    think = Agents._think

    def make(self, model):
        return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=openai_client()))


class Responses(Agents):
    name = "pydantic-ai responses"
    settings = {"temperature": 0.5, "max_tokens": 500}

    def make(self, model):
        return OpenAIResponsesModel(model, provider=OpenAIProvider(openai_client=openai_client()))


class Anthropic(Agents):
    name = "pydantic-ai anthropic"
    thinking = {"anthropic_thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
    think = Agents._think

    def make(self, model):
        return AnthropicModel(model, provider=anthropic_provider())


class Google(Agents):
    name = "pydantic-ai google"
    thinking = {"google_thinking_config": {"include_thoughts": True, "thinking_budget": 1024}}
    think = Agents._think

    def make(self, model):
        return GoogleModel(model, provider=google_provider())


class Ollama(Agents):
    name = "pydantic-ai ollama"

    def make(self, model):
        # Despite the name it speaks OpenAI's chat completions.
        return OllamaModel(model, provider=OllamaProvider(openai_client=openai_client()))


class MistralAI(Agents):
    name = "pydantic-ai mistral"
    keeps_words = False
    counts_streams = False
    tools_streamed = None  # The SDK takes only calls that arrive in one piece.

    def make(self, model):
        return MistralModel(model, provider=mistral_provider())


class Groq(Agents):
    name = "pydantic-ai groq"
    counts_streams = False

    def make(self, model):
        return GroqModel(model, provider=groq_provider())


CLIENTS = [Chat, Responses, Anthropic, Google, Ollama, MistralAI, Groq]
