"""Google's Agent Development Kit, whose agents call tools by themselves."""

import os

from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models import Gemini
from google.adk.planners import BuiltInPlanner
from google.adk.runners import InMemoryRunner
from google.genai import errors, types

from base import *

os.environ["GOOGLE_API_KEY"] = KEY  # There is no other way to tell its model.

class Kit(Client):
    name = "google-adk"
    finish = GEMINI_FINISH
    faults = dict.fromkeys((400, 404, 429), errors.ClientError) | {500: errors.ServerError, None: Exception}

    def status(self, fault):
        return fault.code

    # A session begins with what is asked, so there are no `turns`.

    def _run(self, model, parts, system="", streams=False, max_tokens=None, stop=None, temperature=None, **options):
        config = types.GenerateContentConfig(max_output_tokens=max_tokens, stop_sequences=stop, temperature=temperature)
        chosen = Gemini(model=model, base_url=URL)
        agent = LlmAgent(name="tester", model=chosen, instruction=system, generate_content_config=config, **options)
        mode = RunConfig(streaming_mode=StreamingMode.SSE if streams else StreamingMode.NONE)

        async def work():
            runner = InMemoryRunner(agent, app_name="tests")
            session = await runner.session_service.create_session(app_name="tests", user_id="tester")
            events = runner.run_async(
                user_id="tester",
                session_id=session.id,
                new_message=types.Content(role="user", parts=parts),
                run_config=mode,
            )
            return [event async for event in events]

        return wait(work())

    @staticmethod
    def heard(events):
        heard = Heard()
        for event in events:
            for part in (event.content and event.content.parts) or []:
                if event.partial:
                    heard.pieces += bool(part.text)
                elif part.function_call:
                    heard.calls.append((part.function_call.name, part.function_call.args))
        for part in (events[-1].content and events[-1].content.parts) or []:
            heard.thought += part.text if part.text and part.thought else ""
            heard.text += part.text if part.text and not part.thought else ""
        heard.finish = events[-1].finish_reason and events[-1].finish_reason.value
        if events[-1].usage_metadata:
            heard.prompt = events[-1].usage_metadata.prompt_token_count
            heard.completion = events[-1].usage_metadata.candidates_token_count
        return heard

    def ask(self, model, text, **options):
        return self.heard(self._run(model, [types.Part(text=text)], **options))

    def stream(self, model, text, **options):
        return self.ask(model, text, streams=True, **options)

    def tools(self, model, text):
        heard = self.ask(model, text, tools=[get_weather, get_time])
        return heard.calls, heard.text

    def tools_streamed(self, model, text):
        heard = self.ask(model, text, tools=[get_weather, get_time], streams=True)
        return heard.calls, heard.text

    def see(self, model, text):
        return self.heard(self._run(model, [types.Part(text=text), types.Part.from_bytes(data=PNG, mime_type="image/png")]))

    def think(self, model):
        thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)
        return self.ask(model, "hello", planner=BuiltInPlanner(thinking_config=thinking))

    def parse(self, model):
        return Person.model_validate_json(self.ask(model, "Who?", output_schema=Person).text)


CLIENTS = [Kit]
