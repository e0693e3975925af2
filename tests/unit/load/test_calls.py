"""The requests of ordinary traffic."""

from __future__ import annotations

import json

import pytest

from alertdrill.load.calls import Calls, read_calls
from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields


def make_bodies(count, **options):
    """Return the bodies of the first calls."""
    calls = read_calls(Fields({"models": ["a:x", "b:y"], "key": "k", **options}, "options"))
    return [json.loads(calls.body(index)) for index in range(count)]


def test_models_are_taken_in_turn():
    """Calls alternate between the models."""
    assert [body["model"] for body in make_bodies(4)] == ["a:x", "b:y", "a:x", "b:y"]


@pytest.mark.parametrize(("share", "streamed"), [(0, 0), (0.25, 5), (0.5, 10), (1, 20)])
def test_each_model_has_its_share_of_streams(share, streamed):
    """The share is exact, and the same for every model."""
    bodies = make_bodies(40, stream_share=share)
    assert [sum(body["stream"] for body in bodies if body["model"] == model) for model in ("a:x", "b:y")] == [
        streamed,
        streamed,
    ]


def test_lengths_are_as_asked():
    """Prompt and answer have the lengths of the options."""
    (body,) = make_bodies(1, prompt_chars=1_234, max_tokens=77)
    assert (len(body["messages"][0]["content"]), body["max_tokens"]) == (1_234, 77)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"key": "k"}, "models is missing"),
        ({"models": ["a:x"]}, "key is missing"),
        ({"models": [], "key": "k"}, "models must not be empty"),
        ({"models": "a:x", "key": "k"}, "models must be a list"),
        ({"models": [1], "key": "k"}, "models must be a text"),
        ({"models": ["a:x"], "key": "k", "stream_share": 1.1}, "stream_share must be between 0 and 1"),
        ({"models": ["a:x"], "key": "k", "max_tokens": 0}, "max_tokens must be between"),
        ({"models": ["a:x"], "key": "k", "prompt_chars": 1e9}, "prompt_chars must be between"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(options, sentence):
    """The sentence names the option."""
    with pytest.raises(BadPlan, match=sentence):
        read_calls(Fields(options, "options"))


def test_refused_calls_need_neither_key_nor_models():
    """A scan without a key asks for some model, because it is refused before that is looked at."""
    calls = read_calls(Fields({}, "options"), has_key=False, is_refused=True)
    assert isinstance(calls, Calls)
    assert calls.key is None
    assert len(calls.models) == 1
