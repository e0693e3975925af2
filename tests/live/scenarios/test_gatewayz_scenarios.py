"""Gatewayz's scenarios, alone under plain Locust: an abuser, a cache that collapses, other text APIs."""

from __future__ import annotations

import pytest

SHORT = {
    "rate_limit_abuse": ("--rate", "1", "--duration-s", "30", "--requests-per-minute", "6"),
    "cache_collapse": ("--rate", "1", "--duration-s", "30", "--prompts", "3", "--new-from", "10"),
    "text_apis": ("--rate", "1", "--duration-s", "30", "--account-plan", "subscribed"),
}
PREFIX = "gatewayz"


def list_bodies(fake_gateway, path):
    """Return the bodies of the requests to a path, in order."""
    return [seen.body for seen in fake_gateway.seen if seen.path == path]


@pytest.mark.parametrize("name", SHORT)
def test_a_scenario_runs_alone(run_locust, fake_gateway, tmp_path, name):
    """Without a plan it makes a load profile of its options, under Gatewayz's prefix, and ends by itself."""
    ended = run_locust(name, options=SHORT[name], cwd=tmp_path)
    assert "Traceback" not in ended.stderr
    paths = [path for path in fake_gateway.asked if path.startswith("/gatewayz/v1/")]
    assert len(paths) == 30


def test_an_abuser_is_given_its_limit_first(run_locust, fake_gateway):
    """The operator sets the limit of the key's account before the first call; 429 is no failure."""
    fake_gateway.answer_status = 429
    ended = run_locust("rate_limit_abuse", options=(*SHORT["rate_limit_abuse"], "--key", "greedy"))
    assert ended.returncode == 0, ended.stderr
    first = next(seen for seen in fake_gateway.seen if seen.path != "/admin/keys")
    assert (first.method, first.path, first.body) == (
        "PUT",
        "/admin/accounts/greedy",
        {"requests_per_minute": 6},
    )


def test_a_collapse_asks_something_new_each_time(run_locust, fake_gateway):
    """Three prompts take turns until the tenth call; from then on no prompt comes twice."""
    assert run_locust("cache_collapse", options=SHORT["cache_collapse"]).returncode == 0
    bodies = [seen.body for seen in fake_gateway.calls]
    assert all((body["temperature"], body["stream"]) == (0, False) for body in bodies)
    prompts = [body["messages"][0]["content"] for body in bodies]
    usual = [prompt for prompt in prompts if prompt.startswith("usual")]
    assert (len(usual), len(set(usual))) == (10, 3)
    assert len(set(prompts)) == 3 + 20


@pytest.mark.parametrize(
    ("ask", "path", "field"),
    [
        ("completions", "/v1/completions", "prompt"),
        ("responses", "/v1/responses", "input"),
        ("background", "/v1/responses", "input"),
    ],
)
def test_text_is_asked_for_in_the_words_of_its_api(run_locust, fake_gateway, ask, path, field):
    """Each API has its own path and its own name for the text; only the background is asked for there."""
    ended = run_locust("text_apis", options=(*SHORT["text_apis"], "--ask", ask))
    assert ended.returncode == 0, ended.stderr
    bodies = list_bodies(fake_gateway, path)
    assert len(bodies) == 30
    assert all(body[field] and body.get("background", False) == (ask == "background") for body in bodies)
    assert [seen.body for seen in fake_gateway.seen if seen.method == "PUT"] == [{"plan": "subscribed"}]


def test_polling_fetches_what_it_started(run_locust, fake_gateway):
    """Every other request fetches the response that was started before."""
    ended = run_locust("text_apis", options=(*SHORT["text_apis"], "--ask", "polling"))
    assert ended.returncode == 0, ended.stderr
    fetched = [path for path in fake_gateway.asked if path.startswith("/gatewayz/v1/responses/")]
    assert len(list_bodies(fake_gateway, "/v1/responses")) >= 15
    assert fetched
    assert set(fetched) == {f"/gatewayz/v1/responses/{fake_gateway.answer['id']}"}


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("rate_limit_abuse", ("--requests-per-minute", "0"), "requests_per_minute must be between"),
        ("cache_collapse", ("--prompts", "0"), "prompts must be between"),
        ("cache_collapse", ("--new-share", "2"), "new_share must be between"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(run_locust, fake_gateway, name, options, sentence):
    """Nothing is sent, and the last line says what is wrong."""
    ended = run_locust(name, options=options)
    assert ended.returncode == 2
    assert sentence in ended.stderr.splitlines()[-1]
    assert not fake_gateway.seen
