"""AutoGen: its model clients over two SDKs, and the agent of agentchat, which calls tools by itself.

Its client for Anthropic always sends a temperature, which the SDK no longer knows.
"""

import json
import warnings

import ollama
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import MultiModalMessage, ToolCallRequestEvent
from autogen_core import Image
from autogen_core.models import AssistantMessage, ModelFamily, SystemMessage, UserMessage
from autogen_core.tools import FunctionTool
from autogen_ext.models.ollama import OllamaChatCompletionClient
from autogen_ext.models.openai import OpenAIChatCompletionClient

from base import *
from openais import FAULTS

warnings.filterwarnings("ignore", module="autogen")
INFO = dict.fromkeys(("vision", "function_calling", "json_output", "structured_output"), True)
INFO |= {"family": ModelFamily.UNKNOWN}
TOOLS_LIST = [FunctionTool(FUNCTIONS[name], description=text) for name, text in TOOLS.items()]


class AutoGen(Client):
    """The part that both have in common; `make` returns the model client."""

    finish = {"stop": "stop", "length": "length", "tools": "function_calls", "filter": "content_filter"}

    def make(self, model):
        raise NotImplementedError

    @staticmethod
    def options(**options):
        """Return the options as the SDK calls them."""
        return options

    @staticmethod
    def heard(result):
        return Heard(
            text=result.content if isinstance(result.content, str) else "",
            thought=result.thought or "",
            calls=[] if isinstance(result.content, str) else [(c.name, json.loads(c.arguments)) for c in result.content],
            finish=result.finish_reason,
            prompt=result.usage.prompt_tokens,
            completion=result.usage.completion_tokens,
        )

    @staticmethod
    def messages(text, system=None):
        return [*([SystemMessage(content=system)] if system else []), UserMessage(content=text, source="user")]

    def ask(self, model, text, system=None, **options):
        work = self.make(model).create(self.messages(text, system), extra_create_args=self.options(**options))
        return self.heard(wait(work))

    def stream(self, model, text, system=None, **options):
        async def work():
            messages, options_ = self.messages(text, system), self.options(**options)
            return [piece async for piece in self.make(model).create_stream(messages, extra_create_args=options_)]

        *pieces, result = wait(work())
        heard = self.heard(result)
        heard.pieces = len(pieces)
        return heard

    def tools(self, model, text):
        return self._calls(wait(self.agent_of(model).run(task=text)))

    def tools_streamed(self, model, text):
        async def work():
            agent = self.agent_of(model, model_client_stream=True)
            return [event async for event in agent.run_stream(task=text)][-1]

        return self._calls(wait(work()))

    def agent_of(self, model, **options):
        options = {"tools": TOOLS_LIST, "max_tool_iterations": 2, "reflect_on_tool_use": False} | options
        return AssistantAgent("tester", model_client=self.make(model), **options)

    @staticmethod
    def _calls(result):
        asked = [message.content for message in result.messages if isinstance(message, ToolCallRequestEvent)]
        calls = [(call.name, json.loads(call.arguments)) for calls in asked for call in calls]
        return calls, result.messages[-1].content

    def forced(self, model):
        work = self.make(model).create(self.messages("hello"), tools=TOOLS_LIST, tool_choice=TOOLS_LIST[1])
        return self.heard(wait(work)).calls

    def see(self, model, text):
        message = MultiModalMessage(content=[text, Image.from_uri(PNG_URL)], source="user")
        seen = wait(self.agent_of(model, tools=None).run(task=message)).messages[-1].content
        # It encodes the image again, a byte shorter.
        return Heard(text=seen.replace(f" {len(PNG) - 1} bytes", f" {len(PNG)} bytes"))

    def parse(self, model):
        agent = self.agent_of(model, tools=None, output_content_type=Person)
        return wait(agent.run(task="Who?")).messages[-1].content

    def turns(self, model):
        turns = [*self.messages("Hi", "Be brief."), AssistantMessage(content="Hello!", source="assistant")]
        return self.heard(wait(self.make(model).create([*turns, *self.messages("report")])))


class OpenAI(AutoGen):
    name = "autogen openai"
    faults = FAULTS
    counts_streams = False  # Only if it is told to.

    def make(self, model):
        options = {"base_url": URL + "/v1", "api_key": KEY, "max_retries": 0, "timeout": TIMEOUT}
        return OpenAIChatCompletionClient(model=model, model_info=INFO, **options)


class Ollama(AutoGen):
    name = "autogen ollama"
    faults = dict.fromkeys((400, 404, 429, 500), ollama.ResponseError) | {None: Exception}
    finish = {"stop": "stop", "length": "unknown"}
    forced = None  # Ollama's API has no such option.

    @staticmethod
    def options(max_tokens=None, **options):
        return {"options": options | ({"num_predict": max_tokens} if max_tokens else {})}

    def make(self, model):
        return OllamaChatCompletionClient(model=model, model_info=INFO, host=URL, timeout=TIMEOUT)


CLIENTS = [OpenAI, Ollama]
