"""instructor, which checks answers against types: by tools, by schemas, over four SDKs."""

import anthropic
import instructor
import openai
from google import genai
from google.genai import types

from base import *


class Instructor(Client):
    settings = None
    is_held_to_schemas = False  # They make a tool of the schema, or put it into the prompt.

    def make(self):
        raise NotImplementedError

    def parse(self, model, **options):
        messages = openai_messages("Who?")
        made = self.make()
        return made.chat.completions.create(model=model, messages=messages, response_model=Person, max_retries=0, **options)


class Tools(Instructor):
    name = "instructor tools"
    mode = instructor.Mode.TOOLS

    def make(self):
        sdk = openai.OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT)
        return instructor.from_openai(sdk, mode=self.mode)

    def partial(self, model):
        """A stream of a person whose members arrive one by one."""
        messages = openai_messages("Who?")
        made = self.make().chat.completions
        return list(made.create_partial(model=model, messages=messages, response_model=Person, max_retries=0))


class Schema(Tools):
    name = "instructor schema"
    mode = instructor.Mode.JSON_SCHEMA
    is_held_to_schemas = True


class Json(Tools):
    name = "instructor json"
    mode = instructor.Mode.JSON

class Responses(Tools):
    name = "instructor responses"
    mode = instructor.Mode.RESPONSES_TOOLS
    partial = None


class Anthropic(Instructor):
    name = "instructor anthropic"

    def make(self):
        sdk = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0, timeout=TIMEOUT)
        return instructor.from_anthropic(sdk)

    def parse(self, model):
        return super().parse(model, max_tokens=2048)


class Google(Instructor):
    name = "instructor google"

    def make(self):
        sdk = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=URL, timeout=TIMEOUT * 1000))
        return instructor.from_genai(sdk, mode=instructor.Mode.GENAI_TOOLS)


CLIENTS = [Tools, Schema, Json, Responses, Anthropic, Google]
