"""llm, the library, with its plug-in for Ollama; and the program once."""

import os
import pathlib
import subprocess
import sys
import tempfile

from base import *

# Both are read when it is imported.
FOLDER = tempfile.TemporaryDirectory(prefix="llm-")
os.environ |= {"LLM_USER_PATH": FOLDER.name, "OLLAMA_HOST": URL}

import llm  # noqa: E402
from llm.default_plugins.openai_models import Chat  # noqa: E402


class Library(Client):
    """The tests of all its models."""

    finish = dict.fromkeys(("stop", "length"))
    settings = None

    def make(self, model):
        raise NotImplementedError

    def _ask(self, model, text, stream=False, **options):
        return self.make(model).prompt(text, stream=stream, **options)

    def ask(self, model, text, system=None):
        response = self._ask(model, text, system=system)
        usage = response.usage()
        return Heard(text=response.text(), prompt=usage.input, completion=usage.output)

    def stream(self, model, text):
        response = self._ask(model, text, stream=True)
        pieces = list(response)
        usage = response.usage()
        return Heard(text="".join(pieces), pieces=len(pieces), prompt=usage.input, completion=usage.output)

    def tools(self, model, text):
        calls = []
        chain = self.make(model).chain(
            text,
            tools=[get_weather, get_time],
            stream=False,
            before_call=lambda _, call: calls.append((call.name, call.arguments)),
        )
        responses = list(chain.responses())
        return calls, responses[-1].text()

    def turns(self, model):
        conversation = self.make(model).conversation()
        conversation.prompt("Hi", system="Be brief.", stream=False).text()
        return Heard(text=conversation.prompt("report", system="Be brief.", stream=False).text())

    def see(self, model, text):
        attachment = llm.Attachment(type="image/png", content=PNG)
        return Heard(text=self._ask(model, text, attachments=[attachment]).text())

    def parse(self, model):
        return Person.model_validate_json(self._ask(model, "Who?", schema=Person).text())


class OpenAI(Library):
    name = "llm"

    def make(self, model):
        # As for a model of extra-openai-models.yaml.
        able = {"supports_tools": True, "supports_schema": True, "vision": True}
        return Chat(model, model_name=model, key=KEY, api_base=URL + "/v1", **able)

    def program(self, model):
        """The program itself, told of the gateway as its documentation says."""
        home = pathlib.Path(FOLDER.name)
        lines = [f"- model_id: here\n  model_name: {model}\n  api_base: {URL}/v1\n  api_key_name: hoosh\n"]
        (home / "extra-openai-models.yaml").write_text("".join(lines))
        (home / "keys.json").write_text(f'{{"hoosh": "{KEY}"}}')
        command = [pathlib.Path(sys.executable).with_name("llm"), "prompt", "--no-log", "-m", "here", "hello"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        return done.stdout.decode() + done.stderr.decode()


class Ollama(Library):
    name = "llm ollama"

    def make(self, model):
        # The plug-in asks what models there are, and what each of them can do.
        return llm.get_model("ollama/" + model)


CLIENTS = [OpenAI, Ollama]
