"""mistralai, whose types are the strictest."""

import json

from mistralai.client import Mistral
from mistralai.client import errors

from base import *


class Chat(Client):
    name = "mistralai"
    keeps_words = False  # An event without a chunk's members is malformed to it, whatever it says.
    faults = dict.fromkeys((400, 404, 429, 500), errors.SDKError) | {None: Exception}

    def __init__(self):
        self.sdk = Mistral(api_key=KEY, server_url=URL, timeout_ms=TIMEOUT * 1000)
        self.chat = self.sdk.chat

    @staticmethod
    def heard(answer):
        choice = answer.choices[0]
        calls = choice.message.tool_calls or []
        return Heard(
            text=choice.message.content or "",
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in calls],
            finish=choice.finish_reason,
            prompt=answer.usage.prompt_tokens,
            completion=answer.usage.completion_tokens,
        )

    def ask(self, model, text, system=None, **options):
        return self.heard(self.chat.complete(model=model, messages=openai_messages(text, system), **options))

    @staticmethod
    def gather(heard, event):
        choice = event.data.choices[0] if event.data.choices else None
        if choice:
            heard.text += choice.delta.content or ""
            heard.pieces += bool(choice.delta.content)
            heard.finish = choice.finish_reason or heard.finish
        if event.data.usage:
            heard.prompt, heard.completion = event.data.usage.prompt_tokens, event.data.usage.completion_tokens

    def stream(self, model, text, system=None, **options):
        heard = Heard()
        with self.chat.stream(model=model, messages=openai_messages(text, system), **options) as events:
            for event in events:
                self.gather(heard, event)
        if heard.finish is None:
            raise RuntimeError("the stream broke off")
        return heard

    def stream_async(self, model, text):
        async def run():
            heard = Heard()
            async with await self.chat.stream_async(model=model, messages=openai_messages(text)) as events:
                async for event in events:
                    self.gather(heard, event)
            return heard

        return wait(run())

    def tools(self, model, text):
        messages = openai_messages(text)
        message = self.chat.complete(model=model, messages=messages, tools=openai_tools()).choices[0].message
        messages.append(message)
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls]
        for call, (name, arguments) in zip(message.tool_calls, calls):
            result = {"role": "tool", "tool_call_id": call.id, "name": name, "content": run(name, arguments)}
            messages.append(result)
        return calls, self.chat.complete(model=model, messages=messages, tools=openai_tools()).choices[0].message.content

    def forced(self, model):
        choice = {"type": "function", "function": {"name": "get_time"}}
        return self.ask(model, "hello", tools=openai_tools(), tool_choice=choice).calls

    def required(self, model):
        return self.ask(model, "hello", tools=openai_tools(), tool_choice="required").calls

    def see(self, model, text):
        return self.heard(self.chat.complete(model=model, messages=[{"role": "user", "content": openai_image(text)}]))

    def parse(self, model):
        answer = self.chat.parse(response_format=Person, model=model, messages=openai_messages("Who?"))
        return answer.choices[0].message.parsed

    def turns(self, model):
        return self.heard(self.chat.complete(model=model, messages=TURNS))


CLIENTS = [Chat]
