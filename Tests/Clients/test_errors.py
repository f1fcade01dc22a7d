"""Failures as the SDK reports them: the class and content of its exception."""

import os

import openai
import pytest

import clients
from clients import ask, delta


def test_an_unknown_model_is_a_404(sdk):
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(**ask("no-such-model"))
    assert caught.value.status_code == 404
    assert caught.value.code == "model_not_found"
    assert "no-such-model" in caught.value.message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("field, value", [("temperature", 7), ("top_p", -1), ("n", 0), ("messages", "hi")])
def test_a_bad_field_is_a_400_that_names_it(sdk, field, value, stream):
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.chat.completions.create(**(ask("demo", stream=stream) | {field: value}))
    assert caught.value.param == field
    assert caught.value.code == "invalid_value"
    assert caught.value.type == "invalid_request_error"


def test_an_unknown_path_is_a_404(sdk):
    with pytest.raises(openai.NotFoundError):
        sdk.post("/no/such/path", cast_to=object, body={})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model, status", [("500", 502), ("503", 503), ("401", 502), ("garbage", 502)])
def test_an_upstream_that_fails_is_not_the_callers_fault(sdk, model, status, stream):
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.chat.completions.create(**ask(f"failing-{model}", stream=stream))
    assert caught.value.status_code == status
    assert caught.value.code.startswith("upstream_")


def test_an_upstreams_400_keeps_its_words(sdk):
    with pytest.raises(openai.BadRequestError, match="the script says 400"):
        sdk.chat.completions.create(**ask("failing-400"))


def test_a_rate_limit_is_a_429(sdk):
    with pytest.raises(openai.RateLimitError) as caught:
        sdk.chat.completions.create(**ask("failing-429"))
    assert int(caught.value.response.headers["retry-after"]) > 0


def test_nobody_at_the_address_is_a_502(sdk):
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.chat.completions.create(**ask("nobody"))
    assert caught.value.status_code == 502
    assert caught.value.code == "upstream_unreachable"


@pytest.mark.parametrize("model", ["failing-cut", "failing-error", "demo-tokens9-rate0-during"])
def test_a_stream_that_breaks_raises(sdk, model):
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in sdk.chat.completions.create(**ask(model, stream=True)):
            seen.append(delta(chunk.to_dict()).get("content"))
    assert any(seen), "what came before the break was not passed on"


def test_a_whole_answer_that_breaks_is_a_502(sdk):
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.chat.completions.create(**ask("failing-cut"))
    assert caught.value.status_code == 502


def test_another_provider_takes_over(client):
    assert client.create(**ask("either", "whole"))["choices"][0]["message"]["content"] != ""
    assert clients.text(chunk for _, chunk in client.stream(**ask("either", "streamed")))


def test_a_key_is_asked_for():
    url, key = os.environ["HOOSH_AUTH_URL"], os.environ["HOOSH_KEY"]
    for wrong in ("wrong", key + "x", key[:-1]):
        with pytest.raises(openai.AuthenticationError) as caught:
            clients.sdk(url, wrong).chat.completions.create(**ask("demo"))
        assert caught.value.status_code == 401
        assert caught.value.code == "unauthorized"
        assert key not in str(caught.value)
    with pytest.raises(openai.AuthenticationError):
        clients.sdk(url, "wrong").models.list()
    assert clients.sdk(url, key).chat.completions.create(**ask("demo-tokens2-rate0-first0")).choices
    assert clients.sdk(url, key).models.list().data


def test_an_answer_has_a_request_id(sdk):
    answer = sdk.chat.completions.create(**ask("scripted-echo"))
    assert answer._request_id
    again = sdk.chat.completions.create(**ask("scripted-echo"))
    assert again._request_id != answer._request_id
    raw = sdk.chat.completions.with_raw_response.create(**ask("tiny", max_tokens=4, stream=True))
    assert raw.headers["x-request-id"]
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert list(raw.parse())


def test_an_error_has_a_request_id(sdk):
    for model in ("no-such-model", "failing-500"):
        with pytest.raises(openai.APIStatusError) as caught:
            sdk.chat.completions.create(**ask(model))
        assert caught.value.request_id
        assert caught.value.request_id == caught.value.response.headers["x-request-id"]
