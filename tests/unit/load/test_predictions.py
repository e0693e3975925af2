"""The client of the predict API: what it asks next depends on what it was answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.load.fields import Fields
from alertdrill.load.predictions import PredictScript, read_predictions

RUN_ID = "run-" + "a" * 32


def make_script(**options: Any) -> PredictScript:
    """Return the script for these options of a load profile."""
    return PredictScript(
        read_predictions(Fields({"models": ["openai:o1"], "key": "k", **options}, "the load profile"))
    )


def ask(script: PredictScript, index: int) -> dict[str, Any]:
    """Return the body of a script's request."""
    asked = script.request(index)
    assert (asked.method, asked.path) == ("POST", "/v1/predict")
    return json.loads(asked.body)


def test_models_are_taken_in_turn_and_asks_follow_each_run():
    """Run, ask, run, ask; a repeated run is the same request under the same idempotency key."""
    script = make_script(models=["openai:o1", "openai:o3-pro"], asks=["repeat"], steps=3, prompt_chars=7)
    bodies = [ask(script, index) for index in range(4)]
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]
    assert [body["model"] for body in bodies[::2]] == ["openai:o1", "openai:o3-pro"]
    assert bodies[0]["idempotency_key"] != bodies[2]["idempotency_key"]
    assert (bodies[0]["steps"], bodies[0]["max_tokens"], bodies[0]["input"]) == (3, 256, "Investi")


def test_profiles_of_one_key_do_not_repeat_each_other():
    """Two load profiles may be one tenant's; their runs are runs of their own."""
    keys = {ask(make_script(), 0)["idempotency_key"] for _ in range(2)}
    assert len(keys) == 2


def test_a_client_asks_about_the_run_that_was_started_last():
    """Each answer with a run_id is the run that is asked about next; others are not understood."""
    script = make_script(asks=["status"])
    assert ask(script, 1)["run_id"] == "run-" + "0" * 32
    script.note_answer(0, 202, json.dumps({"run_id": RUN_ID, "status": "running"}))
    for body in ("", "[]", "{", json.dumps({"run_id": 5})):
        script.note_answer(2, 200, body)
    assert ask(script, 3) == {"mode": "status", "run_id": RUN_ID}


@pytest.mark.parametrize(
    ("status", "document"),
    [(502, {"error": {"code": "server_error"}}), (200, {"status": "failed"})],
)
def test_a_client_can_stick_to_the_first_run_that_failed(status, document):
    """Once a run is known to have failed, by an answer of its own or by its status, it is asked about."""
    script = make_script(asks=["result"], about="failed")
    script.note_answer(0, 202, json.dumps({"run_id": "run-good", "status": "running"}))
    assert ask(script, 1)["run_id"] == "run-good"
    script.note_answer(2, status, json.dumps({"run_id": RUN_ID, **document}))
    script.note_answer(4, 202, json.dumps({"run_id": "run-later", "status": "running"}))
    assert ask(script, 5)["run_id"] == RUN_ID
