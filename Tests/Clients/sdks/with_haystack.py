"""Haystack: its generators over chat completions and responses, and its agent, which calls tools by itself."""

from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator, OpenAIResponsesChatGenerator
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret

from base import *
from openais import FAULTS

TOOLS_LIST = [Tool(name=name, description=text, parameters=CITY, function=FUNCTIONS[name]) for name, text in TOOLS.items()]


class Chat(Client):
    name = "haystack"
    faults = FAULTS
    counts_streams = False  # Only if the options of the stream say so.
    generator = OpenAIChatGenerator
    form = "response_format"

    def make(self, model, **options):
        return self.generator(
            api_key=Secret.from_token(KEY),
            model=model,
            api_base_url=URL + "/v1",
            generation_kwargs=options,
            timeout=TIMEOUT,
            max_retries=0,
        )

    def heard(self, message):
        usage = message.meta.get("usage") or {}
        return Heard(
            text=message.text or "",
            thought=message.reasoning.reasoning_text if message.reasoning else "",
            calls=[(call.tool_name, call.arguments) for call in message.tool_calls],
            finish=message.meta.get("finish_reason"),
            prompt=usage.get("prompt_tokens"),
            completion=usage.get("completion_tokens"),
        )

    @staticmethod
    def messages(text, system=None):
        return [*([ChatMessage.from_system(system)] if system else []), ChatMessage.from_user(text)]

    def ask(self, model, text, system=None, **options):
        return self.heard(self.make(model, **options).run(self.messages(text, system))["replies"][0])

    def stream(self, model, text, system=None, **options):
        pieces = []
        made = self.make(model, **options).run(self.messages(text, system), streaming_callback=pieces.append)
        heard = self.heard(made["replies"][0])
        heard.pieces = sum(bool(piece.content) for piece in pieces)
        return heard

    def stream_async(self, model, text):
        pieces = []

        async def keep(piece):
            pieces.append(piece)

        made = wait(self.make(model).run_async(self.messages(text), streaming_callback=keep))
        heard = self.heard(made["replies"][0])
        heard.pieces = sum(bool(piece.content) for piece in pieces)
        return heard

    def tools(self, model, text):
        return self._calls(Agent(chat_generator=self.make(model), tools=TOOLS_LIST).run(messages=self.messages(text)))

    def tools_streamed(self, model, text):
        agent = Agent(chat_generator=self.make(model), tools=TOOLS_LIST, streaming_callback=lambda _: None)
        return self._calls(agent.run(messages=self.messages(text)))

    @staticmethod
    def _calls(made):
        calls = [(call.tool_name, call.arguments) for message in made["messages"] for call in message.tool_calls]
        return calls, made["last_message"].text

    def see(self, model, text):
        image = ImageContent(base64_image=PNG_BASE64, mime_type="image/png")
        message = ChatMessage.from_user(content_parts=[text, image])
        return self.heard(self.make(model).run([message])["replies"][0])

    def parse(self, model):
        return Person.model_validate_json(self.ask(model, "Who?", **{self.form: Person}).text)

    def turns(self, model):
        turns = [ChatMessage.from_system("Be brief."), ChatMessage.from_user("Hi"), ChatMessage.from_assistant("Hello!")]
        return self.heard(self.make(model).run([*turns, ChatMessage.from_user("report")])["replies"][0])


class Responses(Chat):
    name = "haystack responses"
    settings = {"temperature": 0.5, "max_tokens": 500}
    faults = FAULTS | {None: Exception}
    keeps_words = False  # It passes over the event of a failure, and finds the connection closed.
    generator = OpenAIResponsesChatGenerator
    form = "text_format"

    def make(self, model, max_tokens=None, **options):
        return super().make(model, **(options | ({"max_output_tokens": max_tokens} if max_tokens else {})))

    def heard(self, message):
        heard = super().heard(message)
        usage = message.meta.get("usage") or {}
        heard.finish, heard.prompt, heard.completion = None, usage.get("input_tokens"), usage.get("output_tokens")
        return heard

    def think(self, model):
        return self.ask(model, "hello", reasoning={"effort": "high", "summary": "auto"})

    def think_streamed(self, model):
        return self.stream(model, "hello", reasoning={"effort": "high", "summary": "auto"})


CLIENTS = [Chat, Responses]
