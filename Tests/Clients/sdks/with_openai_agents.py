"""openai-agents, over responses as is its habit, and over chat completions."""

import functools
import json

import agents
import openai
from agents import Agent, ModelSettings, Runner, function_tool
from agents.models.openai_chatcompletions import OpenAIChatCompletionsModel
from agents.models.openai_responses import OpenAIResponsesModel

from base import *

agents.set_tracing_disabled(True)
TOOLS_LIST = [function_tool(get_weather), function_tool(get_time)]


@functools.cache
def openai_client():
    return openai.AsyncOpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT)


class Responses(Client):
    name = "openai-agents"
    settings = {"temperature": 0.5, "max_tokens": 500}
    model_class = OpenAIResponsesModel
    takes_cut_answers = False
    faults = {
        400: openai.BadRequestError,
        404: openai.NotFoundError,
        429: openai.RateLimitError,
        500: openai.InternalServerError,
        None: Exception,
    }

    def agent(self, model, system=None, settings=None, **options):
        chosen = self.model_class(model=model, openai_client=openai_client())
        return Agent("tester", instructions=system, model=chosen, model_settings=settings or ModelSettings(), **options)

    @staticmethod
    def heard(result):
        usage = result.context_wrapper.usage
        return Heard(text=str(result.final_output), prompt=usage.input_tokens, completion=usage.output_tokens)

    def ask(self, model, text, system=None, **options):
        settings = ModelSettings(**options)
        return self.heard(wait(Runner.run(self.agent(model, system, settings), text)))

    def stream(self, model, text, system=None, **options):
        async def run():
            result = Runner.run_streamed(self.agent(model, system, ModelSettings(**options)), text)
            pieces = 0
            async for event in result.stream_events():
                pieces += event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
            heard = self.heard(result)
            heard.pieces = pieces
            return heard

        return wait(run())

    def tools(self, model, text):
        return self._calls(wait(Runner.run(self.agent(model, tools=TOOLS_LIST), text)))

    def tools_streamed(self, model, text):
        async def run():
            result = Runner.run_streamed(self.agent(model, tools=TOOLS_LIST), text)
            async for _ in result.stream_events():
                pass
            return result

        return self._calls(wait(run()))

    @staticmethod
    def _calls(result):
        calls = [item.raw_item for item in result.new_items if item.type == "tool_call_item"]
        return [(call.name, json.loads(call.arguments)) for call in calls], result.final_output

    def see(self, model, text):
        content = [{"type": "input_text", "text": text}, {"type": "input_image", "image_url": PNG_URL, "detail": "auto"}]
        return self.heard(wait(Runner.run(self.agent(model), [{"role": "user", "content": content}])))

    def parse(self, model):
        return wait(Runner.run(self.agent(model, output_type=Person), "Who?")).final_output

    def turns(self, model):
        return self.heard(wait(Runner.run(self.agent(model, "Be brief."), TURNS[1:])))


class Chat(Responses):
    name = "openai-agents chat"
    counts_streams = False
    model_class = OpenAIChatCompletionsModel


CLIENTS = [Responses, Chat]
