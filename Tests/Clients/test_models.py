"""The model list, and a single model."""

import openai
import pytest


def test_every_providers_models_are_listed(sdk):
    names = [model.id for model in sdk.models.list()]
    assert {"tiny", "tiny-tool", "demo", "scripted-slow", "scripted-echo"} <= set(names)
    assert "outside-the-pattern" not in names
    assert len(names) == len(set(names))


def test_a_listed_model_has_what_clients_read(sdk):
    for model in sdk.models.list():
        assert model.object == "model"
        assert isinstance(model.created, int)
        assert model.owned_by


def test_one_model_is_retrieved(sdk):
    for name in ("tiny", "demo", "scripted-slow"):
        assert sdk.models.retrieve(name).id == name


def test_an_unknown_model_is_not_retrieved(sdk):
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"
