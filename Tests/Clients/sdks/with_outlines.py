"""outlines, which holds answers to types, over the SDKs of OpenAI, Anthropic, Ollama, and Google."""

import io

import anthropic
import ollama
import outlines
from google import genai
from google.genai import types
from outlines.exceptions import APIError
from outlines.inputs import Chat, Image
from PIL import Image as Pillow

from base import *
from openais import async_openai_client, openai_client


class Outlines(Client):
    """The part that all have in common; `make` returns the model."""

    faults = dict.fromkeys((400, 404, 429, 500), APIError) | {None: Exception}

    def make(self, model):
        raise NotImplementedError

    @staticmethod
    def options(**options):
        """Return the options as the SDK calls them."""
        return options

    def ask(self, model, text, **options):
        return Heard(text=self.make(model)(text, **self.options(**options)))

    def stream(self, model, text, **options):
        pieces = list(self.make(model).stream(text, **self.options(**options)))
        return Heard(text="".join(pieces), pieces=sum(map(bool, pieces)))

    def see(self, model, text):
        image = Pillow.open(io.BytesIO(PNG))
        return Heard(text=self.make(model)([text, Image(image)], **self.options()))

    def parse(self, model):
        return Person.model_validate_json(self.make(model)("Who?", Person))

    def turns(self, model):
        return Heard(text=self.make(model)(Chat(TURNS), **self.options()))


class OpenAI(Outlines):
    name = "outlines openai"

    def make(self, model):
        return outlines.from_openai(openai_client(), model)

    def stream_async(self, model, text):
        async def work():
            return [piece async for piece in outlines.from_openai(async_openai_client(), model).stream(text)]

        pieces = wait(work())
        return Heard(text="".join(pieces), pieces=sum(map(bool, pieces)))


class Anthropic(Outlines):
    name = "outlines anthropic"
    parse = None  # It has none here,
    turns = None  # and leaves the system's words among the messages, where Anthropic has no such role.
    settings = {"max_tokens": 500, "stop": ["END"]}  # The SDK no longer knows `temperature`.

    @staticmethod
    def options(stop=None, **options):
        return {"max_tokens": 2048} | options | ({"stop_sequences": stop} if stop else {})

    def make(self, model):
        return outlines.from_anthropic(anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT), model)


class Ollama(Outlines):
    name = "outlines ollama"

    @staticmethod
    def options(max_tokens=None, **options):
        return {"options": options | ({"num_predict": max_tokens} if max_tokens else {})}

    def make(self, model):
        return outlines.from_ollama(ollama.Client(host=URL, timeout=TIMEOUT), model)


class Google(Outlines):
    name = "outlines google"

    @staticmethod
    def options(max_tokens=None, stop=None, **options):
        options |= {"max_output_tokens": max_tokens} if max_tokens else {}
        return options | ({"stop_sequences": stop} if stop else {})

    def make(self, model):
        options = types.HttpOptions(base_url=URL, timeout=TIMEOUT * 1000)
        return outlines.from_gemini(genai.Client(api_key=KEY, http_options=options), model)


CLIENTS = [OpenAI, Anthropic, Ollama, Google]
