"""magentic, which turns answers into Python's types while they arrive."""

from magentic import AssistantMessage, AsyncStreamedStr, Chat, ImageBytes, OpenaiChatModel, ParallelFunctionCall
from magentic import StreamedStr, SystemMessage, UserMessage

from base import *
from openais import FAULTS, async_openai_client, openai_client


class Magentic(Client):
    name = "magentic"
    faults = FAULTS
    finish = dict.fromkeys(("stop", "length"))  # It does not say why an answer ends.
    is_held_to_schemas = False  # It makes a tool of the schema.

    def make(self, model, **options):
        made = OpenaiChatModel(model, api_key=KEY, base_url=URL + "/v1", **options)
        # It leaves the number of retries to openai-python.
        made._client, made._async_client = openai_client(), async_openai_client()
        return made

    @staticmethod
    def heard(text, message):
        return Heard(text=text, prompt=message.usage.input_tokens, completion=message.usage.output_tokens)

    @staticmethod
    def messages(text, system=None):
        return [*([SystemMessage(system)] if system else []), UserMessage(text)]

    def ask(self, model, text, system=None, stop=None, **options):
        message = self.make(model, **options).complete(self.messages(text, system), stop=stop)
        return self.heard(message.content, message)

    def stream(self, model, text, system=None, **options):
        message = self.make(model, **options).complete(self.messages(text, system), output_types=[StreamedStr])
        pieces = list(message.content)
        heard = self.heard("".join(pieces), message)
        heard.pieces = len(pieces)
        return heard

    def stream_async(self, model, text):
        async def work():
            message = await self.make(model).acomplete(self.messages(text), output_types=[AsyncStreamedStr])
            pieces = [piece async for piece in message.content]
            heard = self.heard("".join(pieces), message)
            heard.pieces = len(pieces)
            return heard

        return wait(work())

    def tools(self, model, text):
        found = {"functions": [get_weather, get_time], "output_types": [ParallelFunctionCall[str], str]}
        chat = Chat(self.messages(text), model=self.make(model), **found).submit()
        calls = [(call.function.__name__, call.arguments) for call in chat.last_message.content]
        return calls, chat.exec_function_call().submit().last_message.content

    def see(self, model, text):
        message = self.make(model).complete([UserMessage([text, ImageBytes(PNG)])])
        return self.heard(message.content, message)


    def parse(self, model):
        return self.make(model).complete(self.messages("Who?"), output_types=[Person]).content

    def turns(self, model):
        turns = [*self.messages("Hi", "Be brief."), AssistantMessage("Hello!"), UserMessage("report")]
        message = self.make(model).complete(turns)
        return self.heard(message.content, message)


CLIENTS = [Magentic]
