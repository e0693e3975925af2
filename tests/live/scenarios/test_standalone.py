"""Each scenario also runs alone under plain Locust, headless and from the web page."""

from __future__ import annotations

import signal
import time

import pytest
import requests
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN

from alertdrill.runtime.free_ports import find_free_ports

WITHIN_S = 30.0
SCENARIOS = (
    "steady",
    "burst",
    "streaming",
    "auth_scan",
    "cost_runaway",
    "outage",
    "provider_fallback",
)
SHORT = {
    "steady": ("--rate", "1", "--duration-s", "60"),
    "burst": ("--rate", "0.5", "--base-s", "20", "--burst-rate", "2", "--burst-s", "20"),
    "streaming": ("--rate", "1", "--duration-s", "60"),
    "auth_scan": ("--rate", "1", "--duration-s", "60"),
    "cost_runaway": ("--usd-per-hour", "576", "--duration-s", "60"),
    "outage": ("--rate", "1", "--duration-s", "60", "--down-at-s", "20", "--down-for-s", "20"),
    "provider_fallback": (
        *("--rate", "1", "--duration-s", "60", "--failing", "openai:gpt-4o"),
        *("--fail-at-s", "20", "--fail-for-s", "20"),
    ),
}


def await_condition(holds, what):
    """Wait until a condition holds."""
    give_up_at = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < give_up_at, f"not in time: {what}"
        time.sleep(0.02)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_runs_alone(run_locust, fake_gateway, tmp_path, name):
    """Without a plan it makes a load profile of its options, at the gateway's speed, and ends by itself."""
    started_at = time.monotonic()
    ended = run_locust(name, options=SHORT[name], cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert len(fake_gateway.calls) == 60
    assert time.monotonic() - started_at < 30  # 60 s of rule time are 1 s
    assert "Traceback" not in ended.stderr


def test_embeddings_run_alone(run_locust, fake_gateway, tmp_path):
    """All calls are for embeddings, of a text."""
    ended = run_locust("embeddings", options=("--rate", "1", "--duration-s", "60"), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    asked = [seen for seen in fake_gateway.seen if seen.path.endswith("/v1/embeddings")]
    assert len(asked) == 60
    assert {seen.body["model"] for seen in asked} == {"openai:text-embedding-3-small"}


def test_sessions_run_alone(run_locust, fake_gateway, tmp_path):
    """A client makes its workspaces and holds conversations to their end, with a key of its own."""
    ended = run_locust("sessions", options=("--rate", "0.2", "--duration-s", "300"), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    asked = [(seen.method, seen.path) for seen in fake_gateway.seen if seen.path.startswith("/v1/")]
    assert len(asked) == 60
    assert asked[:3] == [
        ("PUT", f"/v1/workspaces/{fake_gateway.seen[-1].key}"),
        ("PUT", f"/v1/workspaces/{fake_gateway.seen[-1].key}-default"),
        ("POST", "/v1/sessions"),
    ]
    for method, path in (
        ("POST", "/v1/sessions/it/turns"),
        ("POST", "/v1/sessions/it/turns/0/evaluations"),
        ("POST", "/v1/sessions/it/evaluations"),
        ("DELETE", "/v1/sessions/it"),
    ):
        assert (method, path) in asked


def test_a_runaway_spends_what_was_asked_for(run_locust, fake_gateway):
    """576 USD/hour of o3 at 8 USD per million: 3,600 calls an hour of 20,000 tokens."""
    ended = run_locust("cost_runaway", options=("--usd-per-hour", "576", "--duration-s", "30"))
    assert "576 USD/hour: 1.0000 calls/s of 0.1600 USD" in ended.stderr
    assert len(fake_gateway.calls) == 30
    assert {(seen.body["model"], seen.body["max_tokens"]) for seen in fake_gateway.calls} == {
        ("openai:o3", 20_000)
    }


def test_a_failing_model_is_told_so_and_forgotten(run_locust, fake_gateway):
    """The model fails for as long as was asked for, and then behaves like any other again."""
    ended = run_locust("provider_fallback", options=(*SHORT["provider_fallback"], "--error", "network"))
    assert ended.returncode == 0, ended.stderr
    path = "/control/models/gpt-4o"
    told = {"errors": {"class": "network", "share": 1}}
    assert [(method, where) for method, where, _ in fake_gateway.controls] == [
        ("PUT", path),
        ("DELETE", path),
    ]
    assert fake_gateway.controls[0][2] == told


def test_calls_go_through_the_prefix_that_was_named(run_locust, fake_gateway):
    """A prefix is the first part of the path."""
    run_locust("provider_fallback", options=(*SHORT["provider_fallback"], "--prefix", "mana_llm"))
    paths = [seen.path for seen in fake_gateway.seen if seen.path.endswith("/chat/completions")]
    assert set(paths) == {"/mana_llm/v1/chat/completions"}


def test_a_scan_alone_is_no_failure(run_locust):
    """401 is what the scan is after: Locust exits with 0 and reports no error."""
    ended = run_locust("auth_scan", options=("--reason", "key_revoked", "--duration-s", "60"))
    assert ended.returncode == 0
    assert "Error report" not in ended.stderr


def test_steady_traffic_that_fails_is_a_failure(run_locust, fake_gateway):
    """Alone, errors of healthy traffic are shown, and Locust exits as it does for errors."""
    fake_gateway.answer_status = 500
    ended = run_locust("steady", options=("--duration-s", "30"))
    assert ended.returncode == 1
    assert "status 500" in ended.stderr


def test_no_secret_is_logged(run_locust, fake_gateway):
    """Neither the admin token nor a key's nor the providers' is in what Locust writes."""
    ended = run_locust("outage", options=(*SHORT["outage"], "--loglevel", "DEBUG"))
    assert len(fake_gateway.tokens) == 1
    for secret in (ADMIN_TOKEN, CONTROL_TOKEN, *fake_gateway.tokens):
        assert secret not in ended.stdout + ended.stderr


def test_without_an_admin_token_one_sentence_says_so(run_locust, environ):
    """The last line names the variable; the exit code is 2."""
    del environ["ALERTDRILL_ADMIN_TOKEN"]
    ended = run_locust("steady")
    assert ended.returncode == 2
    assert "ALERTDRILL_ADMIN_TOKEN" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_an_existing_key_can_be_used(run_locust, environ, fake_gateway):
    """ALERTDRILL_TOKEN takes the place of issuing a key."""
    del environ["ALERTDRILL_ADMIN_TOKEN"]
    environ["ALERTDRILL_TOKEN"] = fake_gateway.issue("mine")["token"]
    assert run_locust("steady", options=SHORT["steady"]).returncode == 0
    assert {seen.key for seen in fake_gateway.calls} == {"mine"}
    assert not [seen for seen in fake_gateway.seen if seen.path == "/admin/keys"]


@pytest.mark.parametrize(
    ("names", "options", "sentence"),
    [
        (("steady",), ("--rate", "-1"), "rate_per_s must be between"),
        (("steady",), ("--models", ""), "models must be a text"),
        (("steady",), ("--plan", "/no/such/plan.json"), "cannot be read"),
        (("steady", "burst"), (), "one scenario at a time, not burst, steady"),
        (("outage",), ("--provider", "acme"), "the provider 'acme'"),
        (("provider_fallback",), ("--failing", "acme:one"), "the provider 'acme'"),
        (("provider_fallback",), ("--failing", "openai"), "failing must be provider:model"),
        (("cost_runaway",), ("--usd-per-million", "0"), "must be above 0"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(run_locust, fake_gateway, names, options, sentence):
    """Nothing is sent, and the last line says what is wrong."""
    ended = run_locust(*names, options=options)
    assert ended.returncode == 2
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert not fake_gateway.seen


def test_a_key_that_is_taken_is_refused_in_one_sentence(run_locust, fake_gateway):
    """The token of a key that somebody else issued is not known."""
    fake_gateway.issue("theirs")
    ended = run_locust("steady", options=("--key", "theirs"))
    assert ended.returncode == 2
    assert "has a key 'theirs' already" in ended.stderr.splitlines()[-1]


def test_a_gateway_that_is_not_there_is_said_so(run_locust):
    """One sentence, exit code 1."""
    (port,) = find_free_ports(1)
    ended = run_locust("steady", options=("--host", f"http://127.0.0.1:{port}"))
    assert ended.returncode == 1
    assert "gateway could not be reached" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_outage_opens_the_provider_again(start_locust, fake_gateway, number):
    """Whoever stops the test during the outage leaves the provider listening."""
    options = ("--headless", "--down-at-s", "6", "--down-for-s", "6000", "--duration-s", "9000")
    with start_locust("outage", options=options) as process:
        await_condition(lambda: len(fake_gateway.controls) == 1, "the provider is closed")
        process.send_signal(number)
        process.wait(WITHIN_S)
    assert [body for _, _, body in fake_gateway.controls] == [{"listening": False}, {"listening": True}]


def test_the_web_page_shows_the_options_and_no_secret(start_locust):
    """The page offers the scenario's options; the plan and the tokens are not on it."""
    (port,) = find_free_ports(1)
    with start_locust("auth_scan", options=("--web-host", "127.0.0.1", "--web-port", str(port))):
        page = get_page(port)
    for option in ("reason", "rotate_at_s", "duration_s", "models", "stream_share", "seed"):
        assert f'"{option}"' in page
    assert '"plan"' not in page
    assert ADMIN_TOKEN not in page
    assert CONTROL_TOKEN not in page


def test_the_web_page_starts_stops_and_starts_again(start_locust, fake_gateway):
    """Each start is a test of its own, with the options of the page; it ends and leaves the page up."""
    (port,) = find_free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with start_locust("steady", options=("--web-host", "127.0.0.1", "--web-port", str(port))):
        get_page(port)
        swarm(url, duration_s="6000", rate="2", key="first")
        await_condition(lambda: len(fake_gateway.calls) >= 10, "the first test sends")
        assert requests.post(f"{url}/stop", timeout=WITHIN_S).json()["success"]
        swarm(url, duration_s="60", rate="0.5", key="second")
        await_condition(lambda: count_calls(fake_gateway, "second") == 30, "the second test sends")
        await_condition(lambda: get_state(url) == "stopped", "the second test ends by itself")
        stats = requests.get(f"{url}/stats/requests", timeout=WITHIN_S).json()
    assert count_calls(fake_gateway, "second") == 30
    (steady,) = [entry for entry in stats["stats"] if entry["name"] == "steady"]
    assert steady["num_requests"] == 30


def test_bad_options_on_the_web_page_stop_the_test(start_locust, fake_gateway, tmp_path):
    """The log has the sentence, nothing is sent, and the next test can be started."""
    (port,) = find_free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with start_locust("steady", options=("--web-host", "127.0.0.1", "--web-port", str(port))):
        get_page(port)
        swarm(url, duration_s="60", rate="-1")
        await_condition(lambda: get_state(url) == "stopped", "the test is stopped")
        assert "rate_per_s must be between" in (tmp_path / "locust.log").read_text()
        assert not fake_gateway.calls
        swarm(url, duration_s="60", rate="1")
        await_condition(lambda: len(fake_gateway.calls) == 60, "the next test sends")


def count_calls(gateway, key):
    """Return how many calls were made with a key."""
    return [seen.key for seen in gateway.calls].count(key)


def get_page(port):
    """Return the web page, as soon as it is there."""
    answers = []

    def answers_now():
        try:
            answers.append(requests.get(f"http://127.0.0.1:{port}/", timeout=WITHIN_S).text)
        except requests.ConnectionError:
            return False
        return True

    await_condition(answers_now, "the web page")
    return answers[-1]


def get_state(url):
    """Return Locust's state."""
    return requests.get(f"{url}/stats/requests", timeout=WITHIN_S).json()["state"]


def swarm(url, **options):
    """Start a test from the web page."""
    form = {"user_count": "1", "spawn_rate": "1", **options}
    answer = requests.post(f"{url}/swarm", data=form, timeout=WITHIN_S)
    assert answer.json()["success"], answer.text
