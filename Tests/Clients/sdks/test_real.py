"""The same clients with real servers, whose tiny models generate random text."""

import pytest

needs = pytest.mark.needs
TOOLS_KNOWN = {"get_weather", "get_time"}


def limit(client):
    """Limit the output where possible: some clients request a low temperature, at which a random model never stops."""
    return {"max_tokens": 64} if client.settings and client.takes_cut_answers else {}


def until_it_speaks(ask):
    """Accept an empty answer of a random model, which some frameworks send back as a message that llama.cpp rejects."""
    for _ in range(4):
        try:
            return ask()
        except Exception as error:
            if "must contain either 'content' or 'tool_calls'" not in str(error):
                raise
    return ask()


@needs("ask")
@pytest.mark.real
def test_real_chat(client, upstream):
    heard = until_it_speaks(lambda: client.ask(upstream, "hello, how are you?", **limit(client)))
    assert isinstance(heard.text, str)


@needs("stream")
@pytest.mark.real
def test_real_stream(client, upstream):
    heard = until_it_speaks(lambda: client.stream(upstream, "hello, how are you?", **limit(client)))
    assert heard.finish in (None, client.finish["stop"], client.finish["length"])
    if client.counts_streams:
        assert heard.prompt is None or heard.prompt > 0


@needs("embed")
@pytest.mark.no_upstream
def test_real_embeddings(client, upstream):
    vectors, tokens = client.embed("tiny-embedding", ["hello", "how are you?"])
    assert len(vectors) == 2 and len(vectors[0]) == len(vectors[1]) > 1
    assert vectors[0] != vectors[1]
    assert tokens is None or tokens > 0
    assert client.embed_one("tiny-embedding", "hello") == pytest.approx(vectors[0], abs=1e-3)


@needs("complete")
@pytest.mark.no_upstream
def test_real_completion(client, upstream):
    for heard in client.complete("tiny", "Once upon a time"):
        assert heard.finish in ("stop", "length")
        assert heard.prompt > 0


@needs("required")
@pytest.mark.no_upstream
def test_real_tool(client, upstream):
    calls = client.required("tiny-tool")
    assert calls
    assert {name for name, _ in calls} <= TOOLS_KNOWN


@needs("parse")
@pytest.mark.no_upstream
def test_real_schema(client, upstream):
    if not client.is_held_to_schemas:
        pytest.skip("nothing holds the model to the schema")
    person = client.parse("tiny")
    assert isinstance(person.name, str)
    assert isinstance(person.age, int)
