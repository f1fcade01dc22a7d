"""The behavior that all chat models of LangChain share."""

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from base import *


class Where(BaseModel):
    city: str = Field(max_length=CITY_MAX)


TOOLS_LIST = [tool(get_weather, args_schema=Where), tool(get_time, args_schema=Where)]


class ChatModel(Client):
    """`make` returns the model, and `image` the image part of a message."""

    # The name of the finish reason in the message's metadata.
    reason = "finish_reason"

    def make(self, model, **options):
        raise NotImplementedError

    def heard(self, message):
        usage = message.usage_metadata or {}
        thoughts = [b["reasoning"] for b in message.content_blocks if b["type"] == "reasoning" and b.get("reasoning")]
        return Heard(
            text=message.text,
            thought="".join(thoughts) or message.additional_kwargs.get("reasoning_content", ""),
            calls=[(call["name"], call["args"]) for call in message.tool_calls],
            finish=message.response_metadata.get(self.reason),
            prompt=usage.get("input_tokens"),
            completion=usage.get("output_tokens"),
            cached=usage.get("input_token_details", {}).get("cache_read"),
        )

    @staticmethod
    def messages(text, system=None):
        return [*([SystemMessage(system)] if system else []), HumanMessage(text)]

    def ask(self, model, text, system=None, **options):
        return self.heard(self.make(model, **options).invoke(self.messages(text, system)))

    def stream(self, model, text, system=None, **options):
        pieces, whole = 0, None
        for chunk in self.make(model, **options).stream(self.messages(text, system)):
            pieces += bool(chunk.text)
            whole = chunk if whole is None else whole + chunk
        heard = self.heard(whole)
        heard.pieces = pieces
        return heard

    def stream_async(self, model, text):
        async def run():
            whole, pieces = None, 0
            async for chunk in self.make(model).astream(text):
                pieces += bool(chunk.text)
                whole = chunk if whole is None else whole + chunk
            heard = self.heard(whole)
            heard.pieces = pieces
            return heard

        return wait(run())

    def tools(self, model, text):
        return self._tools(self.make(model).bind_tools(TOOLS_LIST).invoke, text)

    def tools_streamed(self, model, text):
        bound = self.make(model).bind_tools(TOOLS_LIST)

        def ask(messages):
            whole = None
            for chunk in bound.stream(messages):
                whole = chunk if whole is None else whole + chunk
            return whole

        return self._tools(ask, text)

    @staticmethod
    def _tools(ask, text):
        messages = [HumanMessage(text)]
        message = ask(messages)
        messages.append(message)
        by_name = {each.name: each for each in TOOLS_LIST}
        messages += [by_name[call["name"]].invoke(call) for call in message.tool_calls]
        return [(call["name"], call["args"]) for call in message.tool_calls], ask(messages).text

    def see(self, model, text):
        image = {"type": "image", "base64": PNG_BASE64, "mime_type": "image/png"}
        return self.heard(self.make(model).invoke([HumanMessage([{"type": "text", "text": text}, image])]))

    def parse(self, model):
        return self.make(model).with_structured_output(Person).invoke("Who?")

    def turns(self, model):
        turns = [SystemMessage("Be brief."), HumanMessage("Hi"), AIMessage("Hello!"), HumanMessage("report")]
        return self.heard(self.make(model).invoke(turns))
