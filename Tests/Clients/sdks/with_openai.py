"""openai-python: chat completions, and responses."""

import json

import openai

from base import *

FAULTS = {
    400: openai.BadRequestError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    None: openai.APIError,
}


class Chat(Client):
    name = "openai"
    faults = FAULTS

    def __init__(self):
        options = dict(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.sdk = openai.OpenAI(**options)
        self.later = lambda: openai.AsyncOpenAI(**options)
        self.chat = self.sdk.chat.completions

    @staticmethod
    def heard(completion):
        choice, usage = completion.choices[0], completion.usage
        message = choice.message
        details = usage.prompt_tokens_details
        return Heard(
            text=message.content or "",
            thought=getattr(message, "reasoning_content", None) or "",
            calls=[(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []],
            finish=choice.finish_reason,
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
            cached=details.cached_tokens if details else None,
        )

    def ask(self, model, text, system=None, **options):
        return self.heard(self.chat.create(model=model, messages=openai_messages(text, system), **options))

    def stream(self, model, text, system=None, **options):
        messages = openai_messages(text, system)
        usage = {"include_usage": True}
        pieces = 0
        with self.chat.stream(model=model, messages=messages, stream_options=usage, **options) as events:
            try:
                for event in events:
                    pieces += event.type == "content.delta"
                heard = self.heard(events.get_final_completion())
            except openai.LengthFinishReasonError as cut:
                # The helper takes the limit for an error; the answer is in it.
                heard = self.heard(cut.completion)
        heard.pieces = pieces
        return heard

    def stream_async(self, model, text):
        async def run():
            heard = Heard()
            async with self.later() as sdk:
                messages = openai_messages(text)
                async for chunk in await sdk.chat.completions.create(model=model, messages=messages, stream=True):
                    piece = chunk.choices[0].delta.content
                    heard.text += piece or ""
                    heard.pieces += bool(piece)
                    heard.finish = chunk.choices[0].finish_reason or heard.finish
            return heard

        return wait(run())

    def tools(self, model, text):
        return self._tools(lambda messages: self.chat.create(model=model, messages=messages, tools=openai_tools()), text)

    def tools_streamed(self, model, text):
        def ask(messages):
            with self.chat.stream(model=model, messages=messages, tools=openai_tools()) as events:
                return events.get_final_completion()

        return self._tools(ask, text)

    @staticmethod
    def _tools(ask, text):
        messages = openai_messages(text)
        message = ask(messages).choices[0].message
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls]
        messages.append(message)
        for call, (name, arguments) in zip(message.tool_calls, calls):
            messages.append({"role": "tool", "tool_call_id": call.id, "content": run(name, arguments)})
        return calls, ask(messages).choices[0].message.content

    def forced(self, model):
        choice = {"type": "function", "function": {"name": "get_time"}}
        return self.ask(model, "hello", tools=openai_tools(), tool_choice=choice, parallel_tool_calls=False).calls

    def required(self, model):
        return self.ask(model, "hello", tools=openai_tools(), tool_choice="required").calls

    def see(self, model, text):
        messages = [{"role": "user", "content": openai_image(text)}]
        return self.heard(self.chat.create(model=model, messages=messages))

    def think(self, model):
        return self.ask(model, "hello", reasoning_effort="high")

    def think_streamed(self, model):
        heard = Heard()
        messages = openai_messages("hello")
        for chunk in self.chat.create(model=model, messages=messages, reasoning_effort="high", stream=True):
            delta = chunk.choices[0].delta
            heard.thought += getattr(delta, "reasoning_content", None) or ""
            heard.text += delta.content or ""
        return heard

    def parse(self, model):
        messages = openai_messages("Who?")
        return self.chat.parse(model=model, messages=messages, response_format=Person).choices[0].message.parsed

    def turns(self, model):
        return self.heard(self.chat.create(model=model, messages=TURNS))

    def models(self):
        return [model.id for model in self.sdk.models.list()]

    def embed(self, model, texts, dimensions=None):
        """The SDK asks for base64 unless told otherwise."""
        size = {"dimensions": dimensions} if dimensions else {}
        found = self.sdk.embeddings.create(model=model, input=texts, **size)
        assert [each.index for each in found.data] == list(range(len(texts)))
        floats = self.sdk.embeddings.create(model=model, input=texts, encoding_format="float", **size)
        assert [each.embedding for each in floats.data] == [each.embedding for each in found.data]
        return [each.embedding for each in found.data], found.usage.prompt_tokens

    def embed_one(self, model, text):
        return self.sdk.embeddings.create(model=model, input=text).data[0].embedding

    def complete(self, model, prompt):
        whole = self.sdk.completions.create(model=model, prompt=prompt, max_tokens=16)
        usage = {"include_usage": True}
        heard = Heard()
        for chunk in self.sdk.completions.create(
            model=model, prompt=prompt, max_tokens=16, stream=True, stream_options=usage
        ):
            for choice in chunk.choices:
                heard.text += choice.text
                heard.pieces += bool(choice.text)
                heard.finish = choice.finish_reason or heard.finish
            if chunk.usage:
                heard.prompt, heard.completion = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        choice, counts = whole.choices[0], whole.usage
        first = Heard(choice.text, finish=choice.finish_reason, prompt=counts.prompt_tokens)
        first.completion = counts.completion_tokens
        return [first, heard]


class Responses(Client):
    """The same SDK's newer interface."""

    name = "openai responses"
    faults = FAULTS
    finish = {"stop": "completed", "length": "max_output_tokens", "tools": "completed", "filter": "content_filter"}
    settings = {"temperature": 0.5, "max_tokens": 500}
    tools_list = [{"type": "function", "name": n, "description": t, "parameters": CITY} for n, t in TOOLS.items()]

    def __init__(self):
        options = dict(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT)
        self.sdk = openai.OpenAI(**options)
        self.later = lambda: openai.AsyncOpenAI(**options)
        self.responses = self.sdk.responses

    @staticmethod
    def options(system=None, max_tokens=None, **options):
        options |= {"instructions": system} if system else {}
        return options | ({"max_output_tokens": max_tokens} if max_tokens else {})

    @staticmethod
    def heard(response):
        reasoning = [item for item in response.output if item.type == "reasoning"]
        thoughts = [part.text for item in reasoning for part in [*item.summary, *(item.content or [])]]
        return Heard(
            text=response.output_text,
            thought="".join(thoughts),
            calls=[(each.name, json.loads(each.arguments)) for each in response.output if each.type == "function_call"],
            finish=response.incomplete_details.reason if response.incomplete_details else response.status,
            prompt=response.usage.input_tokens,
            completion=response.usage.output_tokens,
            cached=response.usage.input_tokens_details.cached_tokens,
        )

    def ask(self, model, text, **options):
        return self.heard(self.responses.create(model=model, input=text, **self.options(**options)))

    def stream(self, model, text, **options):
        with self.responses.stream(model=model, input=text, **self.options(**options)) as events:
            pieces, response = 0, None
            for event in events:
                pieces += event.type == "response.output_text.delta"
                if event.type in ("response.completed", "response.incomplete"):
                    response = event.response
                elif event.type in ("response.failed", "error"):
                    raise openai.APIError(str(event), events._response.request, body=None)
        if response is None:
            raise openai.APIError("the stream broke off", None, body=None)
        heard = self.heard(response)
        heard.pieces = pieces
        return heard

    def stream_async(self, model, text):
        async def run():
            heard = Heard()
            async with self.later() as sdk:
                async for event in await sdk.responses.create(model=model, input=text, stream=True):
                    if event.type == "response.output_text.delta":
                        heard.text += event.delta
                        heard.pieces += 1
                    elif event.type == "response.completed":
                        heard.finish = event.response.status
            return heard

        return wait(run())

    def tools(self, model, text):
        return self._tools(lambda input: self.responses.create(model=model, input=input, tools=self.tools_list), text)

    def tools_streamed(self, model, text):
        def ask(input):
            with self.responses.stream(model=model, input=input, tools=self.tools_list) as events:
                return events.get_final_response()

        return self._tools(ask, text)

    @staticmethod
    def _tools(ask, text):
        input = [{"role": "user", "content": text}]
        response = ask(input)
        found = [item for item in response.output if item.type == "function_call"]
        calls = [(item.name, json.loads(item.arguments)) for item in found]
        # As the documentation has it: all of the output goes back, then the results.
        input += response.output
        for item, (name, arguments) in zip(found, calls):
            input.append({"type": "function_call_output", "call_id": item.call_id, "output": run(name, arguments)})
        return calls, ask(input).output_text

    def forced(self, model):
        choice = {"type": "function", "name": "get_time"}
        return self.ask(model, "hello", tools=self.tools_list, tool_choice=choice).calls

    def required(self, model):
        return self.ask(model, "hello", tools=self.tools_list, tool_choice="required").calls

    def see(self, model, text):
        content = [{"type": "input_text", "text": text}, {"type": "input_image", "image_url": PNG_URL}]
        return self.heard(self.responses.create(model=model, input=[{"role": "user", "content": content}]))

    def think(self, model):
        return self.ask(model, "hello", reasoning={"effort": "high", "summary": "auto"})

    def think_streamed(self, model):
        return self.stream(model, "hello", reasoning={"effort": "high", "summary": "auto"})

    def parse(self, model):
        return self.responses.parse(model=model, input="Who?", text_format=Person).output_parsed

    def turns(self, model):
        return self.heard(self.responses.create(model=model, input=TURNS))


CLIENTS = [Chat, Responses]
