"""anthropic-sdk-python."""

import anthropic

from base import *


class Messages(Client):
    name = "anthropic"
    finish = ANTHROPIC_FINISH
    faults = {
        400: anthropic.BadRequestError,
        404: anthropic.NotFoundError,
        429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
        None: anthropic.APIError,
    }
    is_held_to_schemas = False  # The SDK leaves bounds out of the schema.
    tools_list = [{"name": name, "description": text, "input_schema": CITY} for name, text in TOOLS.items()]

    def __init__(self):
        options = dict(base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.sdk = anthropic.Anthropic(**options)
        self.later = lambda: anthropic.AsyncAnthropic(**options)
        self.messages = self.sdk.messages

    @staticmethod
    def request(model, content, stop=None, temperature=None, **options):
        messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
        options |= {"stop_sequences": stop} if stop else {}
        # The SDK no longer knows the field; the API does.
        options |= {"extra_body": {"temperature": temperature}} if temperature is not None else {}
        return {"model": model, "messages": messages, "max_tokens": 2048} | options

    @staticmethod
    def heard(message):
        cached = message.usage.cache_read_input_tokens or 0
        return Heard(
            text="".join(block.text for block in message.content if block.type == "text"),
            thought="".join(block.thinking for block in message.content if block.type == "thinking"),
            calls=[(block.name, block.input) for block in message.content if block.type == "tool_use"],
            finish=message.stop_reason,
            prompt=message.usage.input_tokens + cached,
            completion=message.usage.output_tokens,
            cached=cached,
        )

    def ask(self, model, text, **options):
        return self.heard(self.messages.create(**self.request(model, text, **options)))

    def stream(self, model, text, **options):
        with self.messages.stream(**self.request(model, text, **options)) as stream:
            pieces = sum(1 for _ in stream.text_stream)
            message = stream.get_final_message()
        if message.stop_reason is None:
            raise anthropic.APIError("the stream broke off", None, body=None)
        heard = self.heard(message)
        heard.pieces = pieces
        return heard

    def stream_async(self, model, text):
        async def run():
            async with self.later() as sdk:
                async with sdk.messages.stream(**self.request(model, text)) as stream:
                    pieces = [piece async for piece in stream.text_stream]
                    heard = self.heard(await stream.get_final_message())
            heard.pieces = len(pieces)
            return heard

        return wait(run())

    def tools(self, model, text):
        return self._tools(lambda m: self.messages.create(**self.request(model, m, tools=self.tools_list)), text)

    def tools_streamed(self, model, text):
        def ask(messages):
            with self.messages.stream(**self.request(model, messages, tools=self.tools_list)) as stream:
                return stream.get_final_message()

        return self._tools(ask, text)

    def _tools(self, ask, text):
        messages = [{"role": "user", "content": text}]
        message = ask(messages)
        messages.append({"role": "assistant", "content": message.content})
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": run(block.name, block.input)}
            for block in message.content
            if block.type == "tool_use"
        ]
        messages.append({"role": "user", "content": results})
        return self.heard(message).calls, self.heard(ask(messages)).text

    def forced(self, model):
        choice = {"type": "tool", "name": "get_time", "disable_parallel_tool_use": True}
        return self.ask(model, "hello", tools=self.tools_list, tool_choice=choice).calls

    def required(self, model):
        return self.ask(model, "hello", tools=self.tools_list, tool_choice={"type": "any"}).calls

    def see(self, model, text):
        source = {"type": "base64", "media_type": "image/png", "data": PNG_BASE64}
        content = [{"type": "image", "source": source}, {"type": "text", "text": text}]
        return self.ask(model, [{"role": "user", "content": content}])

    thinking = {"type": "enabled", "budget_tokens": 1024}

    def think(self, model):
        return self.ask(model, "hello", thinking=self.thinking)

    def think_streamed(self, model):
        return self.stream(model, "hello", thinking=self.thinking)

    def think_on(self, model):
        """A thought goes back, as it must when tools are used; the answer to the next turn."""
        messages = [{"role": "user", "content": "hello"}]
        message = self.messages.create(**self.request(model, messages, thinking=self.thinking))
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": "report"}]
        return self.ask(model, messages, thinking=self.thinking)

    def parse(self, model):
        return self.messages.parse(**self.request(model, "Who?"), output_format=Person).parsed_output

    def turns(self, model):
        return self.ask(model, TURNS[1:], system="Be brief.")

    def models(self):
        return [model.id for model in self.sdk.models.list()]

    def count(self, model, text):
        messages = [{"role": "user", "content": text}]
        return self.messages.count_tokens(model=model, messages=messages).input_tokens


CLIENTS = [Messages]
