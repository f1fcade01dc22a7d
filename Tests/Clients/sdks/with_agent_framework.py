"""Microsoft's Agent Framework, the successor of Semantic Kernel and AutoGen, over responses and chat completions."""

import json

from agent_framework import Agent, Content, Message
from agent_framework.exceptions import ChatClientException
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient

from base import *
from openais import async_openai_client, root


class Chat(Client):
    name = "agent-framework"
    faults = dict.fromkeys((400, 404, 429, 500), ChatClientException) | {None: Exception}
    client = OpenAIChatCompletionClient

    def status(self, fault):
        return root(fault).status_code

    def agent(self, model, system=None, tools=None, **options):
        chosen = self.client(model=model, async_client=async_openai_client())
        return Agent(chosen, instructions=system, tools=tools, default_options=options or None)

    @staticmethod
    def heard(response):
        usage = response.usage_details or {}
        contents = [content for message in response.messages for content in message.contents]
        return Heard(
            text=response.text,
            thought="".join(content.text or "" for content in contents if content.type == "text_reasoning"),
            finish=response.finish_reason,
            prompt=usage.get("input_token_count"),
            completion=usage.get("output_token_count"),
        )

    def ask(self, model, text, system=None, **options):
        return self.heard(wait(self.agent(model, system, **options).run(text)))

    def stream(self, model, text, system=None, **options):
        async def work():
            stream = self.agent(model, system, **options).run(text, stream=True)
            pieces = [update async for update in stream if update.text]
            return len(pieces), await stream.get_final_response()

        pieces, response = wait(work())
        heard = self.heard(response)
        heard.pieces = pieces
        return heard

    def tools(self, model, text):
        return self._calls(wait(self.agent(model, tools=[get_weather, get_time]).run(text)))

    def tools_streamed(self, model, text):
        async def work():
            stream = self.agent(model, tools=[get_weather, get_time]).run(text, stream=True)
            return await stream.get_final_response()

        return self._calls(wait(work()))

    @staticmethod
    def _calls(response):
        contents = [content for message in response.messages for content in message.contents]
        calls = [(each.name, json.loads(each.arguments)) for each in contents if each.type == "function_call"]
        return calls, response.messages[-1].text

    def see(self, model, text):
        contents = [Content.from_text(text), Content.from_data(PNG, "image/png")]
        return self.heard(wait(self.agent(model).run(Message("user", contents))))

    def parse(self, model):
        return wait(self.agent(model, response_format=Person).run("Who?")).value

    def turns(self, model):
        turns = [Message(turn["role"], [turn["content"]]) for turn in TURNS[1:]]
        return self.heard(wait(self.agent(model, "Be brief.").run(turns)))


class Responses(Chat):
    name = "agent-framework responses"
    settings = {"temperature": 0.5, "max_tokens": 500}
    client = OpenAIChatClient
    keeps_words = False  # It passes over the event of a failure, and finds the connection closed.


class Stateless(Responses):
    """Every question carries the whole conversation, as an agent does that is told that nothing is stored."""

    name = "agent-framework stateless"

    def agent(self, model, system=None, tools=None, **options):
        return super().agent(model, system, tools, store=False, **options)


CLIENTS = [Chat, Responses, Stateless]
