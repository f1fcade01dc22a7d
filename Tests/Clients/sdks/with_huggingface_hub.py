"""huggingface_hub's InferenceClient, which speaks OpenAI's chat completions to any URL."""

import json

from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from base import *


class Inference(Client):
    name = "huggingface-hub"
    faults = dict.fromkeys((400, 404, 429, 500), HfHubHTTPError) | {None: Exception}
    keeps_words = False  # An event without choices ends in its types.

    def __init__(self):
        options = {"base_url": URL + "/v1", "api_key": KEY, "timeout": TIMEOUT}
        self.sdk = InferenceClient(**options)
        self.later = lambda: AsyncInferenceClient(**options)
        self.chat = self.sdk.chat.completions

    def status(self, fault):
        return fault.response.status_code

    @staticmethod
    def heard(answer):
        choice, usage = answer.choices[0], answer.usage
        return Heard(
            text=choice.message.content or "",
            calls=[(each.function.name, json.loads(each.function.arguments)) for each in choice.message.tool_calls or []],
            finish=choice.finish_reason,
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
        )

    @staticmethod
    def gather(heard, chunk):
        for choice in chunk.choices:
            heard.text += choice.delta.content or ""
            heard.pieces += bool(choice.delta.content)
            heard.finish = choice.finish_reason or heard.finish
        if chunk.usage:
            heard.prompt, heard.completion = chunk.usage.prompt_tokens, chunk.usage.completion_tokens

    def ask(self, model, text, system=None, **options):
        return self.heard(self.chat.create(model=model, messages=openai_messages(text, system), **options))

    def stream(self, model, text, system=None, **options):
        heard = Heard()
        messages, usage = openai_messages(text, system), {"include_usage": True}
        for chunk in self.chat.create(model=model, messages=messages, stream=True, stream_options=usage, **options):
            self.gather(heard, chunk)
        if heard.finish is None:
            raise RuntimeError("the stream broke off")
        return heard

    def stream_async(self, model, text):
        async def run():
            heard = Heard()
            async with self.later() as sdk:
                messages = openai_messages(text)
                async for chunk in await sdk.chat.completions.create(model=model, messages=messages, stream=True):
                    self.gather(heard, chunk)
            return heard

        return wait(run())

    def tools(self, model, text):
        messages = openai_messages(text)
        message = self.chat.create(model=model, messages=messages, tools=openai_tools()).choices[0].message
        messages.append(message)
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls]
        for call, (name, arguments) in zip(message.tool_calls, calls):
            messages.append({"role": "tool", "tool_call_id": call.id, "content": run(name, arguments)})
        return calls, self.chat.create(model=model, messages=messages, tools=openai_tools()).choices[0].message.content

    def forced(self, model):
        choice = {"type": "function", "function": {"name": "get_time"}}
        return self.ask(model, "hello", tools=openai_tools(), tool_choice=choice).calls

    def required(self, model):
        return self.ask(model, "hello", tools=openai_tools(), tool_choice="required").calls

    def see(self, model, text):
        return self.heard(self.chat.create(model=model, messages=[{"role": "user", "content": openai_image(text)}]))

    def parse(self, model):
        form = {"type": "json_schema", "json_schema": {"name": "person", "schema": Person.model_json_schema()}}
        return Person.model_validate_json(self.ask(model, "Who?", response_format=form).text)

    def turns(self, model):
        return self.heard(self.chat.create(model=model, messages=TURNS))


CLIENTS = [Inference]
