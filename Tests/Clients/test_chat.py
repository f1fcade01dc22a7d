"""Non-streaming and streaming responses through hoosh, from llama.cpp, the demo, and the script."""

import concurrent.futures
import itertools

import pytest

import upstream as script
from clients import ask, delta, finishes, text

UNICODE = "Zürich, 東京, ελληνικά, 👩‍👩‍👧 and \u2028 \"quotes\" \\ \t tabs"


@pytest.mark.parametrize("model", ["tiny", "demo"])
def test_a_model_answers(sdk, model):
    answer = sdk.chat.completions.create(**ask(model, max_tokens=32, temperature=0))
    assert answer.object == "chat.completion"
    assert answer.model == model
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_chat_is_answered_whole(client):
    answer = client.create(**ask("scripted-echo", "say this"))
    assert answer["choices"][0]["message"]["content"] == "say this"
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] == script.USAGE["total_tokens"]


def test_a_chat_is_streamed(client):
    chunks = [chunk for _, chunk in client.stream(**ask("tiny", max_tokens=24, seed=7, temperature=0))]
    assert delta(chunks[0])["role"] == "assistant"
    assert text(chunks)
    assert len(finishes(chunks)) == 1
    assert {chunk["id"] for chunk in chunks} == {chunks[0]["id"]}
    assert {chunk["model"] for chunk in chunks} == {"tiny"}
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


def test_a_stream_says_what_the_whole_answer_says(client):
    request = ask("tiny", max_tokens=24, seed=7, temperature=0, cache_prompt=False)
    if client.name != "curl":  # The SDK takes unknown fields in a separate parameter.
        request["extra_body"] = {"cache_prompt": request.pop("cache_prompt")}
    whole = client.create(**request)["choices"][0]["message"]["content"]
    assert text(chunk for _, chunk in client.stream(**request)) == whole


def test_usage_comes_when_asked_for(client):
    asked = {"stream_options": {"include_usage": True}}
    for model in ("tiny", "demo-tokens3-rate0-first0", "scripted-slow"):
        chunks = [chunk for _, chunk in client.stream(**ask(model, max_tokens=8, **asked))]
        assert chunks[-1]["choices"] == []
        usage = chunks[-1]["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
        assert not any(chunk.get("usage") for chunk in chunks[:-1])


def test_usage_does_not_come_unasked(client):
    for model in ("tiny", "demo-tokens3-rate0-first0", "scripted-slow"):
        chunks = [chunk for _, chunk in client.stream(**ask(model, max_tokens=8))]
        assert not any(chunk.get("usage") for chunk in chunks)
        assert all(chunk["choices"] for chunk in chunks)


def test_unicode_comes_back_as_it_went(client):
    assert client.create(**ask("scripted-echo", UNICODE))["choices"][0]["message"]["content"] == UNICODE
    assert text(chunk for _, chunk in client.stream(**ask("scripted-echo", UNICODE))) == UNICODE


def test_a_megabyte_goes_there_and_back(client):
    content = "0123456789abcdé " * 65536
    assert client.create(**ask("scripted-echo", content))["choices"][0]["message"]["content"] == content


def test_an_unknown_field_reaches_the_upstream(sdk, upstream):
    sdk.chat.completions.create(**ask("scripted-echo", "a mark", extra_body={"x_unknown": {"deep": [1, 2.50]}}))
    seen = [each["body"] for each in upstream.requests if each["body"]["messages"][-1]["content"] == "a mark"]
    assert seen[-1]["x_unknown"] == {"deep": [1, 2.5]}


def test_sixteen_streams_run_at_once(client):
    names = itertools.cycle(["tiny", "demo-tokens20-rate100-first50", "scripted-echo"])
    requests = [ask(name, "together", max_tokens=16) for name in itertools.islice(names, 16)]

    def run(request):
        chunks = [chunk for _, chunk in client.stream(**request)]
        return text(chunks), finishes(chunks), {chunk["model"] for chunk in chunks}

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for request, (answer, finish, models) in zip(requests, pool.map(run, requests)):
            assert len(finish) == 1
            assert models == {request["model"]}
            if request["model"] == "scripted-echo":
                assert answer == "together"
            elif request["model"] != "tiny":  # The random model may end its answer immediately.
                assert len(answer.split()) == 20
