"""LangGraph: its agent, a graph of a model and tools, over LangChain's models."""

import functools

from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

from base import *
from langchains import TOOLS_LIST, ChatModel
from openais import FAULTS


class OpenAI(ChatModel):
    """LangChain's tests, their questions put to a graph."""

    name = "langgraph"

    def graph(self, model, tools=(), **options):
        return create_react_agent(self.make(model, **options.pop("settings", {})), list(tools), **options)

    def ask(self, model, text, system=None, **options):
        state = self.graph(model, settings=options).invoke({"messages": self.messages(text, system)})
        return self.heard(state["messages"][-1])

    def stream(self, model, text, system=None, **options):
        graph = self.graph(model, settings=options)
        chunks = [chunk for chunk, _ in graph.stream({"messages": self.messages(text, system)}, stream_mode="messages")]
        return self.gather(chunks)

    def stream_async(self, model, text):
        async def work():
            stream = self.graph(model).astream({"messages": self.messages(text)}, stream_mode="messages")
            return [chunk async for chunk, _ in stream]

        return self.gather(wait(work()))

    def gather(self, chunks):
        heard = self.heard(functools.reduce(lambda whole, chunk: whole + chunk, chunks))
        heard.pieces = sum(bool(chunk.text) for chunk in chunks)
        return heard

    def tools(self, model, text):
        return self._calls(self.graph(model, TOOLS_LIST).invoke({"messages": self.messages(text)}))

    def tools_streamed(self, model, text):
        asked = {"messages": self.messages(text)}
        *_, (_, state) = self.graph(model, TOOLS_LIST).stream(asked, stream_mode=["messages", "values"])
        return self._calls(state)

    @staticmethod
    def _calls(state):
        calls = [call for message in state["messages"] for call in getattr(message, "tool_calls", [])]
        return [(call["name"], call["args"]) for call in calls], state["messages"][-1].text

    def parse(self, model):
        state = self.graph(model, response_format=Person).invoke({"messages": self.messages("Who?")})
        return state["structured_response"]

    see = turns = None  # As LangChain's.

    faults = FAULTS
    is_held_to_schemas = False  # Its second question ends with the assistant's words, to which llama.cpp takes no schema.

    def make(self, model, **options):
        return ChatOpenAI(
            model=model,
            base_url=URL + "/v1",
            api_key=KEY,
            max_retries=0,
            timeout=TIMEOUT,
            stream_usage=True,
            **options,
        )


CLIENTS = [OpenAI]
