"""The scenarios of the predict API run alone under plain Locust, and ask what clients of runs ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.fake_gateway import FakeGateway, Seen, _Handler

from alertdrill.load.fields import Fields
from alertdrill.load.predictions import PredictScript, read_predictions

RUN_ID = "run-" + "a" * 32


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, fake_gateway: FakeGateway) -> dict[str, Any]:
    """Have the gateway answer predict requests with this status and document."""
    answer = {"status": 202, "document": {"run_id": RUN_ID, "status": "running"}}
    serve: Callable[[Any], None] = _Handler.do_POST

    def do_post(handler: _Handler) -> None:
        if handler.path == "/v1/predict":
            handler._note()
            known = fake_gateway.tokens.get(handler._token())
            handler._answer(answer["status"] if known else 401, answer["document"])
        else:
            serve(handler)

    monkeypatch.setattr(_Handler, "do_POST", do_post)
    return answer


def list_predicts(gateway: FakeGateway) -> list[Seen]:
    """Return the predict requests, in order."""
    return [seen for seen in gateway.seen if seen.path == "/v1/predict"]


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


@pytest.mark.usefixtures("answer")
def test_predict_runs_alone(run_locust, fake_gateway, tmp_path):
    """Without a plan it makes a profile of its options: runs, and what is asked about each, under one key."""
    ended = run_locust("predict", options=("--rate", "0.2", "--duration-s", "300"), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    asked = list_predicts(fake_gateway)
    assert len(asked) == 60
    assert [seen.body["mode"] for seen in asked[:5]] == ["run", "status", "result", "logs", "run"]
    assert asked[0].body["model"] == "openai:o1-mini"
    assert asked[-1].body["run_id"] == RUN_ID
    assert len({seen.key for seen in asked}) == 1
    assert "Traceback" not in ended.stderr


def test_stuck_runs_run_alone(run_locust, fake_gateway, answer):
    """The provider is told to be slow, the cap is filled, and that more is refused is no failure."""
    answer["status"] = 429
    options = ("--models", "openai:o1", "--runs", "4", "--duration-s", "100", "--rate", "0.1")
    ended = run_locust("stuck_runs", options=(*options, "--step-s", "80"))
    assert ended.returncode == 0, ended.stderr
    assert len(list_predicts(fake_gateway)) == 4 + 10
    assert {seen.body["steps"] for seen in list_predicts(fake_gateway)} == {24}
    slow = {"latency": {"kind": "constant", "s": 80.0}}
    assert fake_gateway.controls == [("PUT", "/control/models/o1", slow)]


def test_a_run_that_is_refused_is_a_failure_of_predict(run_locust, answer):
    """Healthy clients are not refused: Locust says so."""
    answer["status"] = 429
    ended = run_locust("predict", options=("--rate", "1", "--duration-s", "10"))
    assert ended.returncode == 1
    assert "status 429" in ended.stderr


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("predict", ("--asks", "status,sing"), "ask must be one of"),
        ("predict", ("--steps", "51"), "steps must be between"),
        ("stuck_runs", ("--step-s", "119"), "step_s must be between"),
        ("stuck_runs", ("--models", "o1"), "must be named provider:model"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(run_locust, fake_gateway, name, options, sentence):
    """Nothing is sent, and the last line says what is wrong."""
    ended = run_locust(name, options=options)
    assert ended.returncode == 2
    assert sentence in ended.stderr.splitlines()[-1]
    assert not fake_gateway.seen


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
