"""langchain-openai, -anthropic and -ollama."""

import anthropic
import ollama
import openai
from langchain_anthropic import ChatAnthropic
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI

from base import *
from langchains import TOOLS_LIST, ChatModel


class OpenAI(ChatModel):
    name = "langchain-openai"
    faults = {
        400: openai.BadRequestError,
        404: openai.NotFoundError,
        429: openai.RateLimitError,
        500: openai.InternalServerError,
        None: openai.APIError,
    }

    def make(self, model, **options):
        return ChatOpenAI(
            model=model, base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT, stream_usage=True, **options
        )

    def heard(self, message):
        heard = super().heard(message)
        heard.thought = ""  # It does not read them from chat completions.
        return heard

    def forced(self, model):
        bound = self.make(model).bind_tools(TOOLS_LIST, tool_choice="get_time")
        return self.heard(bound.invoke("hello")).calls

    def required(self, model):
        return self.heard(self.make(model).bind_tools(TOOLS_LIST, tool_choice="any").invoke("hello")).calls


class Responses(ChatModel):
    name = "langchain responses"
    settings = {"temperature": 0.5, "max_tokens": 500}
    faults = OpenAI.faults | {None: Exception}  # It raises what the event says.
    finish = {"stop": "completed", "length": "incomplete", "tools": "completed", "filter": "incomplete"}
    reason = "status"

    def make(self, model, **options):
        return ChatOpenAI(
            model=model,
            base_url=URL + "/v1",
            api_key=KEY,
            max_retries=0,
            timeout=TIMEOUT,
            use_responses_api=True,
            **options,
        )

    def think(self, model):
        return self.ask(model, "hello", reasoning={"effort": "high", "summary": "auto"})


class Anthropic(ChatModel):
    name = "langchain-anthropic"
    is_held_to_schemas = False  # It makes a tool of the schema.
    finish, reason = ANTHROPIC_FINISH, "stop_reason"
    faults = {
        400: anthropic.BadRequestError,
        404: anthropic.NotFoundError,
        429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
        None: anthropic.APIError,
    }

    def make(self, model, **options):
        options = {"max_tokens": 2048} | options
        return ChatAnthropic(model=model, base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT, **options)

    def think(self, model):
        return self.ask(model, "hello", thinking={"type": "enabled", "budget_tokens": 1024})

    def think_streamed(self, model):
        return self.stream(model, "hello", thinking={"type": "enabled", "budget_tokens": 1024})

    def forced(self, model):
        bound = self.make(model).bind_tools(TOOLS_LIST, tool_choice="get_time", parallel_tool_calls=False)
        return self.heard(bound.invoke("hello")).calls

    def required(self, model):
        return self.heard(self.make(model).bind_tools(TOOLS_LIST, tool_choice="any").invoke("hello")).calls


class Ollama(ChatModel):
    name = "langchain-ollama"
    finish, reason = OLLAMA_FINISH, "done_reason"
    faults = dict.fromkeys((400, 404, 429, 500), ollama.ResponseError) | {None: Exception}

    def make(self, model, max_tokens=None, **options):
        options |= {"num_predict": max_tokens} if max_tokens else {}
        return ChatOllama(model=model, base_url=URL, client_kwargs={"timeout": TIMEOUT}, **options)

    def think(self, model):
        return self.ask(model, "hello", reasoning="high")

    def think_streamed(self, model):
        return self.stream(model, "hello", reasoning="high")


CLIENTS = [OpenAI, Responses, Anthropic, Ollama]
