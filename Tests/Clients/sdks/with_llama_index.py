"""llama-index, OpenAI-like and Ollama, and an agent."""

import openai
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.llms.ollama import Ollama as OllamaLLM
from llama_index.llms.openai_like import OpenAILike

from base import *

TOOLS_LIST = [FunctionTool.from_defaults(get_weather), FunctionTool.from_defaults(get_time)]


class LlamaIndex(Client):
    """The tests of both; `make` returns the LLM."""

    def make(self, model, **options):
        raise NotImplementedError

    def heard(self, answer):
        return Heard(text=answer.message.content or "")

    @staticmethod
    def messages(text, system=None):
        start = [ChatMessage(role="system", content=system)] if system else []
        return [*start, ChatMessage(role="user", content=text)]

    def ask(self, model, text, system=None, **options):
        return self.heard(self.make(model, **options).chat(self.messages(text, system)))

    def stream(self, model, text, system=None, **options):
        heard = Heard()
        for answer in self.make(model, **options).stream_chat(self.messages(text, system)):
            heard.text += answer.delta or ""
            heard.pieces += bool(answer.delta)
        return heard

    def stream_async(self, model, text):
        async def run():
            heard = Heard()
            async for answer in await self.make(model).astream_chat(self.messages(text)):
                heard.text += answer.delta or ""
                heard.pieces += bool(answer.delta)
            return heard

        return wait(run())

    def tools(self, model, text):
        llm = self.make(model)
        messages = self.messages(text)
        answer = llm.chat_with_tools(TOOLS_LIST, chat_history=messages, allow_parallel_tool_calls=True)
        messages.append(answer.message)
        calls = llm.get_tool_calls_from_response(answer)
        for call in calls:
            said = run(call.tool_name, call.tool_kwargs)
            more = {"tool_call_id": call.tool_id, "name": call.tool_name}
            messages.append(ChatMessage(role="tool", content=said, additional_kwargs=more))
        last = llm.chat_with_tools(TOOLS_LIST, chat_history=messages, allow_parallel_tool_calls=True)
        return [(call.tool_name, call.tool_kwargs) for call in calls], last.message.content

    def see(self, model, text):
        blocks = [TextBlock(text=text), ImageBlock(image=PNG, image_mimetype="image/png")]
        return self.heard(self.make(model).chat([ChatMessage(role="user", blocks=blocks)]))

    def parse(self, model):
        return self.make(model).as_structured_llm(Person).complete("Who?").raw

    def turns(self, model):
        return self.heard(self.make(model).chat([ChatMessage(**turn) for turn in TURNS]))


class OpenAI(LlamaIndex):
    name = "llama-index openai"
    is_held_to_schemas = False  # It makes a tool of the schema.
    faults = {
        400: openai.BadRequestError,
        404: openai.NotFoundError,
        429: openai.RateLimitError,
        500: openai.InternalServerError,
        None: openai.APIError,
    }

    def make(self, model, stop=None, **options):
        options |= {"additional_kwargs": {"stop": stop}} if stop else {}
        return OpenAILike(
            model=model,
            api_base=URL + "/v1",
            api_key=KEY,
            is_chat_model=True,
            is_function_calling_model=True,
            max_retries=0,
            timeout=TIMEOUT,
            **options,
        )


class Ollama(LlamaIndex):
    name = "llama-index ollama"
    faults = dict.fromkeys((400, 404, 429, 500), Exception) | {None: Exception}

    def make(self, model, max_tokens=None, temperature=0.75, **options):
        options |= {"num_predict": max_tokens} if max_tokens else {}
        return OllamaLLM(
            model=model, base_url=URL, request_timeout=TIMEOUT, temperature=temperature, additional_kwargs=options
        )


class Agent(OpenAI):
    """An agent, which calls tools by itself and streams each of its answers."""

    name = "llama-index agent"

    def agent(self, model, system=None, tools=(), settings=None, **options):
        llm = self.make(model, **(settings or {}))
        return FunctionAgent(llm=llm, tools=list(tools), system_prompt=system, streaming=True, timeout=TIMEOUT, **options)

    def ask(self, model, text, system=None, **options):
        return self.stream(model, text, system, **options)

    def stream(self, model, text, system=None, **options):
        async def work():
            handler = self.agent(model, system, settings=options).run(text)
            events = [event async for event in handler.stream_events()]
            heard = Heard(text=(await handler).response.content or "")
            heard.pieces = sum(isinstance(event, AgentStream) and bool(event.delta) for event in events)
            return heard

        return wait(work())

    def tools(self, model, text):
        async def work():
            return await self.agent(model, tools=[get_weather, get_time]).run(text)

        output = wait(work())
        return [(call.tool_name, call.tool_kwargs) for call in output.tool_calls], output.response.content

    def parse(self, model):
        async def work():
            return await self.agent(model, output_cls=Person).run("Who?")

        return wait(work()).get_pydantic_model(Person)

    def turns(self, model):
        async def work():
            history = [ChatMessage(**turn) for turn in TURNS[1:3]]
            return await self.agent(model, "Be brief.").run("report", chat_history=history)

        return Heard(text=wait(work()).response.content)

    stream_async = see = None  # As without an agent.


CLIENTS = [OpenAI, Ollama, Agent]
