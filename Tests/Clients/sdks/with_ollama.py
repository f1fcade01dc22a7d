"""ollama-python."""

import ollama

from base import *


class Chat(Client):
    name = "ollama"
    finish = OLLAMA_FINISH
    faults = {400: ollama.ResponseError, 404: ollama.ResponseError, 429: ollama.ResponseError}
    faults |= {500: ollama.ResponseError, None: Exception}

    def __init__(self):
        self.sdk = ollama.Client(host=URL, timeout=TIMEOUT)
        self.later = lambda: ollama.AsyncClient(host=URL, timeout=TIMEOUT)

    @staticmethod
    def request(text, system=None, max_tokens=None, think=None, format=None, tools=None, **options):
        options |= {"num_predict": max_tokens} if max_tokens else {}
        messages = text if isinstance(text, list) else openai_messages(text, system)
        return {"messages": messages, "options": options, "think": think, "format": format, "tools": tools}

    @staticmethod
    def heard(answers):
        heard = Heard()
        for answer in answers:
            message = answer.message
            heard.text += message.content or ""
            heard.pieces += bool(message.content)
            heard.thought += message.thinking or ""
            heard.calls += [(call.function.name, dict(call.function.arguments)) for call in message.tool_calls or []]
            if answer.done:
                heard.finish = answer.done_reason
                heard.prompt, heard.completion = answer.prompt_eval_count, answer.eval_count
        return heard

    def ask(self, model, text, **options):
        return self.heard([self.sdk.chat(model, **self.request(text, **options))])

    def stream(self, model, text, **options):
        heard = self.heard(self.sdk.chat(model, stream=True, **self.request(text, **options)))
        if heard.finish is None:
            raise RuntimeError("the stream broke off")
        return heard

    def stream_async(self, model, text):
        async def run():
            stream = await self.later().chat(model, stream=True, **self.request(text))
            return self.heard([answer async for answer in stream])

        return wait(run())

    # Python functions are tools here; the SDK makes their schemas.

    def tools(self, model, text):
        return self._tools(lambda m: [self.sdk.chat(model, m, tools=[get_weather, get_time])], text)

    def tools_streamed(self, model, text):
        return self._tools(lambda m: list(self.sdk.chat(model, m, tools=[get_weather, get_time], stream=True)), text)

    def _tools(self, ask, text):
        messages = openai_messages(text)
        answers = ask(messages)
        made = [call for answer in answers for call in answer.message.tool_calls or []]
        text = "".join(answer.message.content or "" for answer in answers)
        messages.append(ollama.Message(role="assistant", content=text, tool_calls=made))
        calls = self.heard(answers).calls
        for name, arguments in calls:
            messages.append({"role": "tool", "tool_name": name, "content": run(name, arguments)})
        return calls, self.heard(ask(messages)).text

    def see(self, model, text):
        return self.ask(model, [{"role": "user", "content": text, "images": [PNG]}])

    def think(self, model):
        return self.ask(model, "hello", think="high")

    def think_streamed(self, model):
        return self.stream(model, "hello", think="high")

    def parse(self, model):
        return Person.model_validate_json(self.ask(model, "Who?", format=Person.model_json_schema()).text)

    def turns(self, model):
        return self.ask(model, TURNS)

    def models(self):
        return [model.model for model in self.sdk.list().models]

    def generate(self, model):
        """`/api/generate`, a prompt without turns: whole, and streamed."""
        whole = self.sdk.generate(model, prompt="hello", system="Be brief.")
        pieces = list(self.sdk.generate(model, prompt="hello", stream=True))
        return [
            Heard(text=whole.response, finish=whole.done_reason, prompt=whole.prompt_eval_count),
            Heard(text="".join(each.response for each in pieces), finish=pieces[-1].done_reason, pieces=len(pieces)),
        ]

    def embed(self, model, texts, dimensions=None):
        found = self.sdk.embed(model, input=texts, dimensions=dimensions)
        return [list(each) for each in found.embeddings], found.prompt_eval_count

    def embed_one(self, model, text):
        """The older `/api/embeddings`."""
        return list(self.sdk.embeddings(model, prompt=text).embedding)

    def show(self, model):
        """The capabilities of a model, which many programs request before they offer it."""
        return self.sdk.show(model).capabilities

    def running(self):
        """`/api/ps`."""
        return self.sdk.ps().models


CLIENTS = [Chat]
