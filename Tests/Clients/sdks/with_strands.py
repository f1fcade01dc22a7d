"""Strands Agents, which call tools by themselves, over four SDKs."""

import json
import re

import anthropic
import ollama
from google.genai import errors
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel
from strands.models.gemini import GeminiModel
from strands.models.ollama import OllamaModel
from strands.models.openai import OpenAIModel
from strands.types.exceptions import ModelThrottledException

from base import *
from openais import FAULTS, OPTIONS

TOOLS_LIST = [tool(get_weather), tool(get_time)]


class Strands(Client):
    """The part that all have in common; `make` returns the model."""

    finish = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "content_filtered"}
    takes_cut_answers = False
    is_held_to_schemas = False  # It makes a tool of the schema.

    def make(self, model, **options):
        raise NotImplementedError

    def status(self, fault):
        return 429 if isinstance(fault, ModelThrottledException) else fault.status_code

    def agent(self, model, system=None, settings=None, **options):
        options |= {"callback_handler": None, "retry_strategy": None}
        return Agent(self.make(model, **(settings or {})), system_prompt=system, **options)

    @staticmethod
    def heard(result):
        usage = result.metrics.accumulated_usage
        blocks = result.message["content"]
        return Heard(
            text="".join(block["text"] for block in blocks if "text" in block),
            thought="".join(b["reasoningContent"]["reasoningText"]["text"] for b in blocks if "reasoningContent" in b),
            finish=result.stop_reason,
            prompt=usage["inputTokens"],
            completion=usage["outputTokens"],
        )

    def ask(self, model, text, system=None, **options):
        return self.heard(wait(self.agent(model, system, options).invoke_async(text)))

    def stream(self, model, text, system=None, **options):
        async def work():
            events = [event async for event in self.agent(model, system, options).stream_async(text)]
            heard = self.heard(events[-1]["result"])
            heard.pieces = sum("data" in event for event in events)
            return heard

        return wait(work())

    def tools(self, model, text):
        agent = self.agent(model, tools=TOOLS_LIST)
        result = wait(agent.invoke_async(text))
        asked = [block["toolUse"] for message in agent.messages for block in message["content"] if "toolUse" in block]
        return [(call["name"], call["input"]) for call in asked], self.repeated(self.heard(result).text)

    @staticmethod
    def repeated(text):
        """Return the answer that repeats the results of tools."""
        return text

    def see(self, model, text):
        image = {"image": {"format": "png", "source": {"bytes": PNG}}}
        return self.heard(wait(self.agent(model).invoke_async([{"text": text}, image])))

    def parse(self, model):
        return wait(self.agent(model).invoke_async("Who?", structured_output_model=Person)).structured_output

    def turns(self, model):
        history = [{"role": turn["role"], "content": [{"text": turn["content"]}]} for turn in TURNS[1:3]]
        return self.heard(wait(self.agent(model, "Be brief.", messages=history).invoke_async("report")))


class OpenAI(Strands):
    name = "strands openai"
    faults = FAULTS | {429: ModelThrottledException}

    def make(self, model, **options):
        return OpenAIModel(client_args=dict(OPTIONS), model_id=model, params=options)


class Anthropic(Strands):
    name = "strands anthropic"
    settings = None  # The SDK no longer knows `temperature`.
    faults = {
        400: anthropic.BadRequestError,
        404: anthropic.NotFoundError,
        429: ModelThrottledException,
        500: anthropic.InternalServerError,
        None: anthropic.APIError,
    }

    def make(self, model, max_tokens=2048, **options):
        client = {"base_url": URL, "api_key": KEY, "max_retries": 0, "timeout": TIMEOUT}
        return AnthropicModel(client_args=client, model_id=model, max_tokens=max_tokens, params=options)


class Ollama(Strands):
    name = "strands ollama"
    faults = dict.fromkeys((400, 404, 429, 500), ollama.ResponseError) | {None: Exception}

    def make(self, model, stop=None, **options):
        options |= {"stop_sequences": stop} if stop else {}
        return OllamaModel(URL, ollama_client_args={"timeout": TIMEOUT}, model_id=model, **options)


class Google(Strands):
    name = "strands google"
    faults = {404: errors.ClientError, 429: ModelThrottledException, 500: errors.ServerError, None: Exception}

    def status(self, fault):
        return 429 if isinstance(fault, ModelThrottledException) else fault.code

    def make(self, model, max_tokens=None, stop=None, **options):
        options |= {"max_output_tokens": max_tokens} if max_tokens else {}
        options |= {"stop_sequences": stop} if stop else {}
        client = {"api_key": KEY, "http_options": {"base_url": URL, "timeout": TIMEOUT * 1000}}
        return GeminiModel(client_args=client, model_id=model, params=options)

    @staticmethod
    def repeated(text):
        # Results go as JSON, each in a list of its parts.
        return "The tools said: " + "; ".join(json.loads(f'"{each}"') for each in re.findall('"text": "([^"]*)"', text))


CLIENTS = [OpenAI, Anthropic, Ollama, Google]
