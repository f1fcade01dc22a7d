"""groq-python, which asks below /openai/v1."""

import json

import groq

from base import *


class Chat(Client):
    name = "groq"
    faults = {
        400: groq.BadRequestError,
        404: groq.NotFoundError,
        429: groq.RateLimitError,
        500: groq.InternalServerError,
        None: groq.APIError,
    }

    def __init__(self):
        self.sdk = groq.Groq(base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.chat = self.sdk.chat.completions

    @staticmethod
    def heard(completion):
        choice, usage = completion.choices[0], completion.usage
        return Heard(
            text=choice.message.content or "",
            thought=getattr(choice.message, "reasoning_content", None) or "",
            calls=[(each.function.name, json.loads(each.function.arguments)) for each in choice.message.tool_calls or []],
            finish=choice.finish_reason,
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
        )

    def ask(self, model, text, system=None, **options):
        return self.heard(self.chat.create(model=model, messages=openai_messages(text, system), **options))

    def stream(self, model, text, system=None, **options):
        heard = Heard()
        messages = openai_messages(text, system)
        with self.chat.create(model=model, messages=messages, stream=True, **options) as chunks:
            for choice in (choice for chunk in chunks for choice in chunk.choices):
                heard.text += choice.delta.content or ""
                heard.pieces += bool(choice.delta.content)
                heard.finish = choice.finish_reason or heard.finish
        return heard

    def tools(self, model, text):
        messages = openai_messages(text)
        message = self.chat.create(model=model, messages=messages, tools=openai_tools()).choices[0].message
        messages.append(message.to_dict())
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

    def think(self, model):
        return self.ask(model, "hello", reasoning_effort="high")

    def parse(self, model):
        form = {"type": "json_schema", "json_schema": {"name": "person", "schema": Person.model_json_schema()}}
        return Person.model_validate_json(self.ask(model, "Who?", response_format=form).text)

    def turns(self, model):
        return self.heard(self.chat.create(model=model, messages=TURNS))

    def models(self):
        return [model.id for model in self.sdk.models.list().data]


CLIENTS = [Chat]
