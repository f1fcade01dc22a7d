"""langchain-google-genai, over an older google-genai, which asks below /v1beta."""

from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError

from base import *
from langchains import ChatModel


class Google(ChatModel):
    name = "langchain-google-genai"
    finish = GEMINI_FINISH
    faults = dict.fromkeys((400, 404, 429, 500), Exception) | {None: Exception}

    def make(self, model, **options):
        return ChatGoogleGenerativeAI(
            model=model, base_url=URL, api_key=KEY, max_retries=1, timeout=TIMEOUT, **options
        )

    def status(self, fault):
        while fault and not hasattr(fault, "code"):
            fault = fault.__cause__
        return fault.code

    def think(self, model):
        return self.ask(model, "hello", include_thoughts=True, thinking_budget=1024)


CLIENTS = [Google]
