"""The scenarios of inference: alone under plain Locust, and in a plan."""

from __future__ import annotations

import pytest

MINUTE = [{"duration_s": 60, "rate_per_s": 0.5}]


def list_requests(gateway):
    """Return method and path of the requests of clients."""
    return [(seen.method, seen.path) for seen in gateway.seen if seen.path.startswith("/v1/")]


@pytest.fixture
def controls(environ, fake_gateway):
    """Have the provider of the scenarios' upstream models told by the fake gateway."""
    environ["ALERTDRILL_CONTROLS"] = f"openrouter={fake_gateway.url}"


def test_infer_runs_alone(run_locust, fake_gateway):
    """Its models are taken in turn, a version is named where one is given."""
    ended = run_locust("infer", options=("--models", "a:v1,b", "--rate", "1", "--duration-s", "20"))
    assert ended.returncode == 0, ended.stderr
    assert list_requests(fake_gateway) == [("POST", "/v1/infer")] * 20
    asked = [seen.body for seen in fake_gateway.seen if seen.path == "/v1/infer"]
    assert sorted({(body["model"], body.get("version")) for body in asked}) == [("a", "v1"), ("b", None)]
    assert {len(body["input"]) for body in asked} == {400}


def test_a_welcome_status_is_no_failure(run_locust, fake_gateway):
    """Alone, refusals are failures, unless they are what the load profile is after."""
    fake_gateway.answer_status = 404
    options = ("--rate", "1", "--duration-s", "10")
    assert run_locust("infer", options=options).returncode == 1
    assert run_locust("infer", options=(*options, "--welcome", "404")).returncode == 0


@pytest.mark.usefixtures("controls")
def test_executor_timeouts_runs_alone(run_locust, fake_gateway):
    """It has its upstream model hang, and answer again; 504 is what it is after."""
    fake_gateway.answer_status = 504
    options = ("--duration-s", "60", "--hang-at-s", "10", "--hang-for-s", "20", "--hang-every", "3")
    ended = run_locust("executor_timeouts", options=options)
    assert ended.returncode == 0, ended.stderr
    assert list_requests(fake_gateway) == [("POST", "/v1/infer")] * 12
    path = "/control/models/nova-pro"
    hangs = {"errors": {"class": "timeout", "every": 3}}
    assert fake_gateway.controls == [("PUT", path, hangs), ("DELETE", path, None)]


@pytest.mark.usefixtures("controls")
def test_queue_backlog_runs_alone(run_locust, fake_gateway):
    """It has its upstream model be slow, leaves jobs, and waits until they can be worked off."""
    fake_gateway.answer_status, fake_gateway.answer = 202, {"id": "job-1"}
    options = ("--duration-s", "20", "--slow-s", "30", "--slow-for-s", "40")
    ended = run_locust("queue_backlog", options=options)
    assert ended.returncode == 0, ended.stderr
    assert list_requests(fake_gateway) == [("POST", "/v1/jobs")] * 20
    path = "/control/models/falcon-40b"
    slow = {"latency": {"kind": "constant", "s": 30}}
    assert fake_gateway.controls == [("PUT", path, slow), ("DELETE", path, None)]


def test_jobs_are_followed_and_cancelled(perform, fake_gateway):
    """Each fifth request cancels the latest job, each other third one asks after it."""
    fake_gateway.answer_status, fake_gateway.answer = 202, {"id": "job-1"}
    options = {"models": ["a:v1"], "key": "k", "follow_every": 3, "cancel_every": 5}
    perform({"name": "jobs", "scenario": "queue_backlog", "stages": MINUTE, "options": options})
    sent = list_requests(fake_gateway)
    counts = {method: sum(one == method for one, _ in sent) for method in ("POST", "GET", "DELETE")}
    assert counts == {"POST": 16, "GET": 8, "DELETE": 6}
    assert {path for method, path in sent if method != "POST"} == {"/v1/jobs/job-1"}


@pytest.mark.parametrize("name", ["executor_timeouts", "queue_backlog"])
def test_what_cannot_be_told_is_refused_in_one_sentence(run_locust, fake_gateway, name):
    """Without the control API of the upstream's provider nothing is sent."""
    ended = run_locust(name)
    assert ended.returncode == 2
    assert "provider 'openrouter'" in ended.stderr.splitlines()[-1]
    assert not fake_gateway.seen
