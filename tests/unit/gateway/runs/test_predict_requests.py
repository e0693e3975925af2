"""What the predict API accepts, and which field it names when it does not."""

from __future__ import annotations

import pytest

from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.runs.requests import read_mode, read_order, read_run_id

CATALOGUE = read_catalogue(SHIPPED, ["openai"])
GOOD = {"mode": "run", "model": "openai:o1", "input": "Find out why"}


def test_a_run_has_one_step_unless_it_says_otherwise():
    """Model and input are all that is needed; the mode is `run` by default."""
    order = read_order(GOOD, CATALOGUE)
    assert (order.model.id, order.prompt, order.steps) == ("openai:o1", "Find out why", 1)
    assert (order.max_tokens, order.idempotency_key) == (None, None)
    assert read_mode({}) == "run"


def test_a_bare_name_is_a_model():
    """As everywhere in the gateway, a model may be named without its provider."""
    assert read_order({**GOOD, "model": "o1"}, CATALOGUE).model.id == "openai:o1"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", None),
        ("model", ""),
        ("model", 5),
        ("model", "m" * 129),
        ("input", None),
        ("input", ""),
        ("input", ["x"]),
        ("input", "x" * 20_001),
        ("steps", 0),
        ("steps", 51),
        ("steps", 1.5),
        ("steps", True),
        ("max_tokens", 0),
        ("max_tokens", 10**9),
        ("idempotency_key", ""),
        ("idempotency_key", 7),
        ("idempotency_key", "k" * 129),
    ],
)
def test_a_field_that_cannot_be_used_is_named(field, value):
    """400, and the problem names the parameter."""
    with pytest.raises(Problem) as refused:
        read_order({**GOOD, field: value}, CATALOGUE)
    assert (refused.value.status, refused.value.document["error"]["param"]) == (400, field)


def test_a_model_that_nobody_has_is_not_found():
    """404, as for chat."""
    with pytest.raises(Problem) as refused:
        read_order({**GOOD, "model": "gpt-99"}, CATALOGUE)
    assert (refused.value.status, refused.value.code) == (404, "model_not_found")


@pytest.mark.parametrize("run_id", [None, "", 5, "run-1", "run-" + "0" * 31, "run-" + "G" * 32])
def test_a_run_id_has_its_form(run_id):
    """What cannot be a run's id is refused before it is looked up."""
    with pytest.raises(Problem) as refused:
        read_run_id({"mode": "status", "run_id": run_id})
    assert refused.value.status == 400


def test_unknown_fields_are_refused():
    """A misspelt field does not pass in silence, neither for a run nor for a question."""
    for read, document in (
        (lambda body: read_order(body, CATALOGUE), GOOD),
        (read_run_id, {"mode": "status", "run_id": "run-" + "0" * 32}),
    ):
        read(document)
        with pytest.raises(Problem, match="no other fields"):
            read({**document, "stepps": 2})


def test_the_fingerprint_tells_requests_apart():
    """All that a run is made of is in it; the idempotency key is not."""
    same = read_order({**GOOD, "idempotency_key": "a"}, CATALOGUE).fingerprint
    assert same == read_order({**GOOD, "idempotency_key": "b"}, CATALOGUE).fingerprint
    for change in ({"model": "o1-mini"}, {"input": "x"}, {"steps": 2}, {"max_tokens": 9}):
        assert read_order({**GOOD, **change}, CATALOGUE).fingerprint != same
