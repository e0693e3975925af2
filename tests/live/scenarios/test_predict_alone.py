"""The scenarios of the predict API run alone under plain Locust, and ask what clients of runs ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.fake_gateway import FakeGateway, Seen, _Handler

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
