"""The same clients in front of a real llama.cpp, whose model is tiny and speaks at random."""

import pytest

needs = pytest.mark.needs
TOOLS_KNOWN = {"get_weather", "get_time"}


@needs("ask")
@pytest.mark.no_upstream
def test_real_chat(client, upstream):
    assert client.ask("tiny", "hello, how are you?").text is not None


@needs("stream")
@pytest.mark.no_upstream
def test_real_stream(client, upstream):
    heard = client.stream("tiny", "hello, how are you?")
    assert heard.finish in (None, client.finish["stop"], client.finish["length"])
    assert heard.prompt is None or heard.prompt > 0


@needs("forced")
@pytest.mark.no_upstream
def test_real_tool(client, upstream):
    calls = client.forced("tiny-tool")
    assert calls
    assert {name for name, _ in calls} <= TOOLS_KNOWN


@needs("parse")
@pytest.mark.no_upstream
def test_real_schema(client, upstream):
    person = client.parse("tiny")
    assert isinstance(person.name, str)
    assert isinstance(person.age, int)
