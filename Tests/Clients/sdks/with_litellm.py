"""LiteLLM's SDK, in four dialects."""

import json

import litellm
import openai

from base import *

litellm.suppress_debug_info = True


class Completion(Client):
    """The part that the four have in common."""

    faults = {
        400: openai.BadRequestError,
        404: openai.NotFoundError,
        429: openai.RateLimitError,
        500: openai.APIError,
        None: Exception,
    }
    prefix, base = "", URL

    def _ask(self, model, messages, **options):
        options |= {"api_base": self.base, "api_key": KEY, "timeout": TIMEOUT, "num_retries": 0, "max_retries": 0}
        return litellm.completion(model=f"{self.prefix}/{model}", messages=messages, **options)

    @staticmethod
    def heard(answer):
        choice = answer.choices[0]
        return Heard(
            text=choice.message.content or "",
            thought=getattr(choice.message, "reasoning_content", None) or "",
            calls=[(each.function.name, json.loads(each.function.arguments)) for each in choice.message.tool_calls or []],
            finish=choice.finish_reason,
            prompt=answer.usage.prompt_tokens,
            completion=answer.usage.completion_tokens,
        )

    def ask(self, model, text, system=None, **options):
        return self.heard(self._ask(model, openai_messages(text, system), **options))

    def stream(self, model, text, system=None, **options):
        usage = {"include_usage": True}
        chunks = list(self._ask(model, openai_messages(text, system), stream=True, stream_options=usage, **options))
        heard = self.heard(litellm.stream_chunk_builder(chunks))
        heard.pieces = sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks)
        return heard

    def tools(self, model, text):
        messages = openai_messages(text)
        message = self._ask(model, messages, tools=openai_tools()).choices[0].message
        messages.append(message)
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls]
        for call, (name, arguments) in zip(message.tool_calls, calls):
            messages.append({"role": "tool", "tool_call_id": call.id, "name": name, "content": run(name, arguments)})
        return calls, self._ask(model, messages, tools=openai_tools()).choices[0].message.content

    def tools_streamed(self, model, text):
        chunks = list(self._ask(model, openai_messages(text), tools=openai_tools(), stream=True))
        return self.heard(litellm.stream_chunk_builder(chunks)).calls, None

    def see(self, model, text):
        return self.heard(self._ask(model, [{"role": "user", "content": openai_image(text)}]))

    def parse(self, model):
        return Person.model_validate_json(self.ask(model, "Who?", response_format=Person).text)

    def turns(self, model):
        return self.heard(self._ask(model, TURNS))


class OpenAI(Completion):
    name = "litellm openai"
    prefix, base = "openai", URL + "/v1"


class Anthropic(Completion):
    name = "litellm anthropic"
    prefix = "anthropic"

    def think(self, model):
        thinking = {"type": "enabled", "budget_tokens": 1024}
        # It does not know the model, so it must be told that the field is meant.
        return self.ask(model, "hello", thinking=thinking, allowed_openai_params=["thinking"], max_tokens=2048)

    parse = None  # It makes a tool of the schema by the model's name.


class Ollama(Completion):
    name = "litellm ollama"
    prefix = "ollama_chat"
    tools_streamed = None  # It takes two calls in a stream for one.


class Gemini(Completion):
    name = "litellm gemini"
    prefix, base = "gemini", URL + "/v1beta"
    parse = None  # It goes by the model's name here too,
    turns = None  # and makes the system's words the user's.


CLIENTS = [OpenAI, Anthropic, Ollama, Gemini]
