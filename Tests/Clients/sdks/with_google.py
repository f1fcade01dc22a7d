"""google-genai."""

from google import genai
from google.genai import errors, types

from base import *


class Gemini(Client):
    name = "google-genai"
    finish = GEMINI_FINISH
    faults = {
        400: errors.ClientError,
        404: errors.ClientError,
        429: errors.ClientError,
        500: errors.ServerError,
        # A broken connection is its HTTP library's to report.
        None: Exception,
    }

    def __init__(self):
        options = types.HttpOptions(base_url=URL, timeout=TIMEOUT * 1000)
        self.sdk = genai.Client(api_key=KEY, http_options=options)
        city = types.Schema(type="STRING", max_length=CITY_MAX)
        schema = types.Schema(type="OBJECT", properties={"city": city}, required=["city"])
        found = [types.FunctionDeclaration(name=n, description=t, parameters=schema) for n, t in TOOLS.items()]
        self.declared = [types.Tool(function_declarations=found)]

    def status(self, fault):
        return fault.code

    @staticmethod
    def config(system=None, max_tokens=None, stop=None, **options):
        return types.GenerateContentConfig(
            system_instruction=system, max_output_tokens=max_tokens, stop_sequences=stop, **options
        )

    @staticmethod
    def heard(answers):
        heard, pieces = Heard(), 0
        for answer in answers:
            candidate = answer.candidates[0]
            for part in (candidate.content and candidate.content.parts) or []:
                if part.text:
                    heard.thought += part.text if part.thought else ""
                    heard.text += "" if part.thought else part.text
                    pieces += not part.thought
                if part.function_call:
                    heard.calls.append((part.function_call.name, part.function_call.args))
            if candidate.finish_reason:
                heard.finish = candidate.finish_reason.value
            if answer.usage_metadata:
                heard.prompt = answer.usage_metadata.prompt_token_count
                heard.completion = answer.usage_metadata.candidates_token_count
                heard.cached = answer.usage_metadata.cached_content_token_count
        heard.pieces = pieces
        return heard

    def _ask(self, model, contents, **options):
        return self.sdk.models.generate_content(model=model, contents=contents, config=self.config(**options))

    def ask(self, model, text, **options):
        return self.heard([self._ask(model, text, **options)])

    def stream(self, model, text, **options):
        config = self.config(**options)
        heard = self.heard(self.sdk.models.generate_content_stream(model=model, contents=text, config=config))
        if heard.finish is None:
            raise RuntimeError("the stream broke off")
        return heard

    def stream_async(self, model, text):
        async def run():
            stream = await self.sdk.aio.models.generate_content_stream(model=model, contents=text)
            heard = self.heard([answer async for answer in stream])
            await self.sdk.aio.aclose()
            return heard

        return wait(run())

    def tools(self, model, text):
        return self._tools(lambda contents: [self._ask(model, contents, tools=self.declared)], text)

    def tools_streamed(self, model, text):
        config = self.config(tools=self.declared)
        make = self.sdk.models.generate_content_stream
        return self._tools(lambda contents: list(make(model=model, contents=contents, config=config)), text)

    def _tools(self, ask, text):
        contents = [types.Content(role="user", parts=[types.Part(text=text)])]
        answers = ask(contents)
        parts = [part for answer in answers for part in answer.candidates[0].content.parts or []]
        contents.append(types.Content(role="model", parts=parts))
        calls = [part.function_call for part in parts if part.function_call]
        results = [
            types.Part.from_function_response(name=call.name, response={"result": run(call.name, call.args)})
            for call in calls
        ]
        contents.append(types.Content(role="user", parts=results))
        return self.heard(answers).calls, self.heard(ask(contents)).text

    def automatic(self, model):
        """Python functions as tools, which the SDK itself calls."""
        return self.heard([self._ask(model, "Weather?", tools=[get_weather])])

    def forced(self, model):
        calling = types.FunctionCallingConfig(mode="ANY", allowed_function_names=["get_time"])
        config = types.ToolConfig(function_calling_config=calling)
        return self.ask(model, "hello", tools=self.declared, tool_config=config).calls

    def required(self, model):
        config = types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode="ANY"))
        return self.ask(model, "hello", tools=self.declared, tool_config=config).calls

    def see(self, model, text):
        return self.ask(model, [types.Part.from_bytes(data=PNG, mime_type="image/png"), text])

    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)

    def think(self, model):
        return self.ask(model, "hello", thinking_config=self.thinking)

    def think_streamed(self, model):
        return self.stream(model, "hello", thinking_config=self.thinking)

    def parse(self, model):
        return self._ask(model, "Who?", response_mime_type="application/json", response_schema=Person).parsed

    def turns(self, model):
        chat = self.sdk.chats.create(
            model=model,
            config=self.config(system="Be brief."),
            history=[types.UserContent("Hi"), types.ModelContent("Hello!")],
        )
        return self.heard([chat.send_message("report")])

    def models(self):
        return [model.name for model in self.sdk.models.list()]

    def embed(self, model, texts, dimensions=None):
        config = types.EmbedContentConfig(output_dimensionality=dimensions) if dimensions else None
        # For some names of models, a list of texts is one content with many parts.
        contents = [types.Content(parts=[types.Part(text=text)]) for text in texts]
        found = self.sdk.models.embed_content(model=model, contents=contents, config=config)
        usage = found.usage_metadata
        return [each.values for each in found.embeddings], usage.prompt_token_count if usage else None

    def embed_one(self, model, text):
        return self.embed(model, [text])[0][0]

    def count(self, model, text):
        return self.sdk.models.count_tokens(model=model, contents=text).total_tokens


CLIENTS = [Gemini]
