"""chatlas, whose chats remember what was said and call tools by themselves, over five SDKs' interfaces."""

import pathlib
import tempfile

import anthropic
from chatlas import AssistantTurn, ChatAnthropic, ChatGoogle, ChatOllama, ChatOpenAI, ChatOpenAICompletions
from chatlas import UserTurn, content_image_file
from google.genai import errors

from base import *
from openais import FAULTS


class Chatlas(Client):
    """The part that all have in common; `make` returns a chat."""

    def make(self, model, system=None):
        raise NotImplementedError

    def chat(self, model, system=None, stop=None, **options):
        made = self.make(model, system)
        options |= {"stop_sequences": stop} if stop else {}
        if options:
            made.set_model_params(**options)
        return made

    @staticmethod
    def heard(chat):
        turn = chat.get_last_turn()
        prompt, completion, cached = turn.tokens or (None, None, None)
        return Heard(
            text=turn.text,
            prompt=prompt + cached if prompt is not None else None,
            completion=completion,
        )

    def ask(self, model, text, system=None, **options):
        chat = self.chat(model, system, **options)
        chat.chat(text, echo="none", stream=False)
        return self.heard(chat)

    def stream(self, model, text, system=None, **options):
        chat = self.chat(model, system, **options)
        pieces = [piece for piece in chat.stream(text) if piece]
        heard = self.heard(chat)
        heard.pieces = len(pieces)
        return heard

    def stream_async(self, model, text):
        async def work():
            chat = self.chat(model)
            pieces = [piece async for piece in await chat.stream_async(text) if piece]
            heard = self.heard(chat)
            heard.pieces = len(pieces)
            return heard

        return wait(work())

    def tools(self, model, text):
        return self._tools(model, lambda chat: chat.chat(text, echo="none", stream=False))

    def tools_streamed(self, model, text):
        return self._tools(model, lambda chat: list(chat.stream(text)))

    def _tools(self, model, ask):
        calls = []
        chat = self.chat(model)
        chat.register_tool(get_weather)
        chat.register_tool(get_time)
        chat.on_tool_request(lambda request: calls.append((request.name, request.arguments)))
        ask(chat)
        return calls, chat.get_last_turn().text

    def see(self, model, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "image.png"
            path.write_bytes(PNG)
            image = content_image_file(path, resize="none")
        chat = self.chat(model)
        chat.chat(text, image, echo="none", stream=False)
        return self.heard(chat)

    def parse(self, model):
        return self.chat(model).chat_structured("Who?", data_model=Person)

    def turns(self, model):
        chat = self.chat(model, "Be brief.")
        chat.set_turns([UserTurn("Hi"), AssistantTurn("Hello!")])
        chat.chat("report", echo="none", stream=False)
        return self.heard(chat)


class Chat(Chatlas):
    name = "chatlas openai"
    faults = FAULTS

    def make(self, model, system=None):
        options = {"max_retries": 0, "timeout": TIMEOUT}
        return ChatOpenAICompletions(base_url=URL + "/v1", system_prompt=system, model=model, api_key=KEY, kwargs=options)


class Responses(Chatlas):
    name = "chatlas responses"
    faults = FAULTS | {None: Exception}
    settings = {"temperature": 0.5, "max_tokens": 500}

    def make(self, model, system=None):
        options = {"max_retries": 0, "timeout": TIMEOUT}
        return ChatOpenAI(base_url=URL + "/v1", system_prompt=system, model=model, api_key=KEY, kwargs=options)


class Anthropic(Chatlas):
    name = "chatlas anthropic"
    is_held_to_schemas = False  # It makes a tool of the schema.
    counts_streams = False  # It keeps the count at the start of a message, where hoosh has only an estimate.
    settings = None  # The SDK no longer knows `temperature`.
    faults = {
        400: anthropic.BadRequestError,
        404: anthropic.NotFoundError,
        429: anthropic.RateLimitError,
        500: anthropic.InternalServerError,
        None: anthropic.APIError,
    }

    def make(self, model, system=None):
        options = {"base_url": URL, "max_retries": 0, "timeout": TIMEOUT}
        return ChatAnthropic(system_prompt=system, model=model, api_key=KEY, kwargs=options)


class Google(Chatlas):
    name = "chatlas google"
    faults = dict.fromkeys((400, 404, 429), errors.ClientError) | {500: errors.ServerError, None: Exception}

    def status(self, fault):
        return fault.code

    def make(self, model, system=None):
        options = {"http_options": {"base_url": URL, "timeout": TIMEOUT * 1000}}
        return ChatGoogle(system_prompt=system, model=model, api_key=KEY, kwargs=options)


class Ollama(Chatlas):
    name = "chatlas ollama"
    faults = FAULTS | {404: ValueError}

    def status(self, fault):
        # It looks for the model itself, in Ollama's list.
        return 404 if isinstance(fault, ValueError) else fault.status_code

    def make(self, model, system=None):
        # For the answers it speaks OpenAI's chat completions.
        return ChatOllama(model=model, base_url=URL, system_prompt=system, kwargs={"max_retries": 0, "timeout": TIMEOUT})


CLIENTS = [Chat, Responses, Anthropic, Google, Ollama]
