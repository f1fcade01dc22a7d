"""Common uses of these clients, with providers whose answers are known exactly."""

import json

import pytest

from base import PNG

needs = pytest.mark.needs
IMAGE = f"I see image/png of {len(PNG)} bytes"
WEATHER = ("get_weather", {"city": "Zürich"})
TIME = ("get_time", {"city": "Zürich"})
UNICODE = "Zürich, 東京, ελληνικά, 👩‍👩‍👧 \"quotes\" \\ \t tabs"


def counts(heard, prompt=100, completion=7):
    """Check that the counts are the provider's, if the client reports them."""
    assert heard.prompt in (None, prompt)
    assert heard.completion in (None, completion)


@needs("ask")
def test_chat(client, upstream):
    heard = client.ask(upstream + "-plain", "hello")
    assert heard.text == "You said: hello"
    assert heard.finish in (None, client.finish["stop"])
    counts(heard)


@needs("stream")
def test_stream(client, upstream):
    heard = client.stream(upstream + "-plain", UNICODE)
    assert heard.text == "You said: " + UNICODE
    assert heard.pieces > 1
    assert heard.finish in (None, client.finish["stop"])
    if client.counts_streams:
        counts(heard)


@needs("stream")
@pytest.mark.no_upstream
def test_early_usage(client, upstream):
    """Check that usage in the last choice is not counted twice, not even by clients that add up all usage."""
    heard = client.stream("to-openai-early", "hello")
    assert heard.text == "You said: hello"
    if client.counts_streams:
        counts(heard)


@needs("stream_async")
def test_async_stream(client, upstream):
    heard = client.stream_async(upstream + "-plain", UNICODE)
    assert heard.text == "You said: " + UNICODE
    assert heard.pieces > 1
    assert heard.finish in (None, client.finish["stop"])


@needs("turns")
def test_turns(client, upstream):
    asked = json.loads(client.turns(upstream + "-plain").text)
    assert "Be brief." in asked["system"]
    first, second, third = [(turn["role"], turn["text"]) for turn in asked["turns"]]
    assert (first, third) == (("user", "Hi"), ("user", "report"))
    assert second in (("assistant", "Hello!"), ("assistant", "You said: Hi"))


@needs("settings")
def test_settings(client, upstream):
    heard = client.ask(upstream + "-plain", "report", **client.settings)
    settings = json.loads(heard.text)["settings"]
    assert {name: settings.get(name) for name in client.settings} == client.settings


@needs("tools")
def test_tool(client, upstream):
    calls, text = client.tools(upstream + "-plain", "one")
    assert calls in (None, [WEATHER])
    assert text == "The tools said: sunny in Zürich"


@needs("tools")
def test_two_tools(client, upstream):
    if not client.calls_in_parallel:
        pytest.skip("it takes one call of an answer")
    calls, text = client.tools(upstream + "-plain", "both")
    assert calls == [WEATHER, TIME]
    assert text == "The tools said: sunny in Zürich; noon in Zürich"


@needs("tools_streamed")
def test_streamed_tools(client, upstream):
    calls, text = client.tools_streamed(upstream + "-plain", "both")
    assert calls == [WEATHER, TIME]
    assert text in (None, "The tools said: sunny in Zürich; noon in Zürich")


@needs("automatic")
def test_functions_as_tools(client, upstream):
    assert client.automatic(upstream + "-plain").text == "The tools said: sunny in Zürich"


@needs("ended")
def test_tool_that_ends(client, upstream):
    for answer in client.ended(upstream + "-agent", 'call final_answer with {"answer": "sunny"}'):
        assert answer == "sunny"


@needs("forced")
def test_forced_tool(client, upstream):
    calls = client.forced(upstream + "-plain")
    # Ollama has no such option; its model calls the first tool.
    assert calls == [WEATHER if upstream == "to-ollama" else TIME]


@needs("see")
def test_image(client, upstream):
    assert client.see(upstream + "-plain", "hello").text == IMAGE


@needs("think")
def test_thought(client, upstream):
    heard = client.think(upstream + "-plain")
    assert heard.thought == "Let me think about it. "
    assert heard.text == "You said: hello"


@needs("think_streamed")
def test_streamed_thought(client, upstream):
    heard = client.think_streamed(upstream + "-plain")
    assert heard.thought == "Let me think about it. "
    assert heard.text == "You said: hello"


@needs("think_on")
def test_thought_sent_back(client, upstream):
    turns = json.loads(client.think_on(upstream + "-plain").text)["turns"]
    assert [turn["text"] for turn in turns] == ["hello", "You said: hello", "report"]
    if upstream == "to-anthropic":
        assert turns[1]["thought"] == "Let me think about it. "


@needs("parse")
def test_schema(client, upstream):
    person = client.parse(upstream + "-plain")
    assert (person.name, person.age) == ("Zürich", 36)


@needs("partial")
def test_partial_objects(client, upstream):
    people = client.partial(upstream + "-plain")
    assert len(people) > 1
    assert (people[-1].name, people[-1].age) == ("Zürich", 36)


@needs("ask")
def test_limit(client, upstream):
    if client.name.startswith(("openai-agents", "llm")):
        pytest.skip("it does not say why an answer ends")
    if not client.takes_cut_answers:
        pytest.skip("it takes no answer that the limit cut off")
    heard = client.ask(upstream + "-long", "hello")
    assert heard.text == "You said: "
    assert heard.finish in (None, client.finish["length"])


@needs("generate")
def test_generate(client, upstream):
    for heard in client.generate(upstream + "-plain"):
        assert heard.text == "You said: hello"
        assert heard.finish == "stop"


def vector(text, dimensions=4):
    """Return the script's embedding of a text."""
    return [(ord(char) % 128) / 128 for char in (text + "abcdefgh")[:dimensions]]


@needs("embed")
def test_embeddings(client, upstream):
    texts = ["Zürich", "a \"b\""]
    if upstream == "to-anthropic":  # Anthropic has none.
        fault = fails(client, 400, lambda: client.embed(upstream + "-plain", texts))
        assert "embeddings" in client.said(fault)
        return
    vectors, tokens = client.embed(upstream + "-plain", texts)
    assert vectors == [vector(text) for text in texts]
    assert tokens is None or tokens > 0
    vectors, _ = client.embed(upstream + "-plain", texts, dimensions=2)
    assert vectors == [vector(text, 2) for text in texts]


@needs("embed_one")
def test_one_embedding(client, upstream):
    if upstream != "to-anthropic":
        assert client.embed_one(upstream + "-plain", "hello") == vector("hello")


@needs("complete")
def test_completion(client, upstream):
    if upstream not in ("to-openai", "to-ollama"):
        fails(client, 400, lambda: client.complete(upstream + "-plain", "Once"))
        return
    for heard in client.complete(upstream + "-plain", "Once"):
        assert heard.text == "After: Once"
        assert heard.finish == "stop"
        counts(heard)


@needs("count")
def test_count_tokens(client, upstream):
    assert client.count(upstream + "-plain", "hello, how are you?") > 0


@needs("models")
@pytest.mark.no_upstream
def test_models(client, upstream):
    names = client.models()
    assert any("to-openai-plain" in name for name in names)


@needs("show")
def test_show(client, upstream):
    assert {"completion", "tools"} <= set(client.show(upstream + "-plain"))


@needs("running")
@pytest.mark.no_upstream
def test_running_models(client, upstream):
    client.running()


@needs("program")
@pytest.mark.no_upstream
def test_program(client, upstream):
    assert client.program("to-openai-plain") == "You said: hello\n"


# Failures.


def fails(client, status, work):
    """Return the client's exception, after checking its class."""
    with pytest.raises(client.faults[status]) as caught:
        work()
    return caught.value


@needs("ask")
@pytest.mark.no_upstream
def test_unknown_model(client, upstream):
    if client.faults:
        fault = fails(client, 404, lambda: client.ask("nobody-has-this", "hello"))
        assert client.status(fault) == 404
        assert "nobody-has-this" in client.said(fault)


@needs("ask")
def test_rate_limit(client, upstream):
    if client.faults:
        fault = fails(client, 429, lambda: client.ask(upstream + "-429", "hello"))
        assert client.status(fault) == 429


@needs("ask")
def test_failing_provider(client, upstream):
    if client.faults:
        fault = fails(client, 500, lambda: client.ask(upstream + "-500", "hello"))
        assert client.status(fault) >= 500
        fails(client, 500, lambda: client.ask(upstream + "-401", "hello"))


@needs("stream")
def test_overloaded_provider(client, upstream):
    if client.faults:
        fault = fails(client, 500, lambda: client.stream(upstream + "-529", "hello"))
        assert client.status(fault) in (500, 503, 529)


@needs("stream")
def test_error_in_a_stream(client, upstream):
    if client.faults:
        fault = fails(client, None, lambda: client.stream(upstream + "-midway", "hello, how are you?"))
        assert "the script says so" in client.said(fault) or not client.keeps_words


@needs("stream")
def test_stream_that_breaks(client, upstream):
    if client.faults:
        fails(client, None, lambda: client.stream(upstream + "-cut", "hello, how are you?"))

