"""DSPy's LM, with which its programs ask.

Programs have a form of their own for the fields of an answer, in the prompt, and stream only those; the script does not
speak it.
"""

import json

import dspy
from dspy.clients.errors import LMError

from base import *


class Program(Client):
    name = "dspy"
    faults = dict.fromkeys((400, 404, 429, 500), LMError) | {None: Exception}
    finish = dict.fromkeys(("stop", "length"))

    def make(self, model, **options):
        options |= {"cache": False, "num_retries": 0, "timeout": TIMEOUT}
        return dspy.LM("openai/" + model, api_base=URL + "/v1", api_key=KEY, **options)

    def status(self, fault):
        return fault.status

    def ask(self, model, text, system=None, **options):
        [said] = self.make(model, **options)(messages=openai_messages(text, system))
        return Heard(text=said)

    def forced(self, model):
        choice = {"type": "function", "function": {"name": "get_time"}}
        [said] = self.make(model)(messages=openai_messages("hello"), tools=openai_tools(), tool_choice=choice)
        return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in said["tool_calls"]]

    def tools(self, model, text):
        messages = openai_messages(text)
        [said] = self.make(model)(messages=messages, tools=openai_tools())
        messages.append({"role": "assistant", "content": None, "tool_calls": said["tool_calls"]})
        calls = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in said["tool_calls"]]
        for call, (name, arguments) in zip(said["tool_calls"], calls):
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": run(name, arguments)})
        [last] = self.make(model)(messages=messages, tools=openai_tools())
        return calls, last if isinstance(last, str) else last["text"]

    def turns(self, model):
        [said] = self.make(model)(messages=TURNS)
        return Heard(text=said)

    def see(self, model, text):
        [said] = self.make(model)(messages=[{"role": "user", "content": openai_image(text)}])
        return Heard(text=said)

    def parse(self, model):
        form = {"type": "json_schema", "json_schema": {"name": "person", "schema": Person.model_json_schema()}}
        return Person.model_validate_json(self.ask(model, "Who?", response_format=form).text)


CLIENTS = [Program]
