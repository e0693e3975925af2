"""Each scenario performs a plan under real Locust, as the harness runs it."""

from __future__ import annotations

import json
import time

import pytest

MODELS = ["openai:gpt-4o", "anthropic:claude-haiku-4-5"]
MINUTE = [{"duration_s": 60, "rate_per_s": 1}]


ROTATION = {"reason": "rotation", "key": "turning", "models": MODELS, "rotate_at_s": 40, "catch_up_s": 40}
OUTAGE = {"models": MODELS[:1], "key": "dark", "provider": "openai", "down_at_s": 20, "down_for_s": 20}
PEAK = [
    {"duration_s": 60, "rate_per_s": 0.25},
    {"duration_s": 30, "rate_per_s": 4},
    {"duration_s": 60, "rate_per_s": 0.25},
]


def make_profile(scenario, name, stages, **options):
    """Return a load profile."""
    return {"name": name, "scenario": scenario, "stages": stages, "options": options}


PROFILES = (
    make_profile("steady", "base", MINUTE, models=MODELS, key="team-a", stream_share=0.5, max_tokens=99),
    make_profile("steady", "paced", [{"duration_s": 120, "rate_per_s": 1}], models=MODELS, key="paced"),
    make_profile("burst", "peak", PEAK, models=MODELS, key="peak"),
    make_profile("auth_scan", "missing_token", MINUTE, reason="missing_token"),
    make_profile("auth_scan", "invalid_token", MINUTE, reason="invalid_token"),
    make_profile("auth_scan", "turn", [{"duration_s": 120, "rate_per_s": 1}], **ROTATION),
    make_profile("outage", "dark", MINUTE, **OUTAGE),
)
"""What a gateway that answers everything at once can be asked in one run; each key is one load profile's."""


def list_calls(gateway, key):
    """Return the calls that were made with a key, in order."""
    return [seen for seen in gateway.calls if seen.key == key]


def test_steady_traffic_is_exact(performed):
    """So many arrivals as planned, all answered, over all models and with the share of streams."""
    report, gateway = performed
    assert report["base"]["planned"] == report["base"]["sent"] == 60
    assert report["base"]["statuses"] == {"200": 60}
    bodies = [seen.body for seen in list_calls(gateway, "team-a")]
    assert len(bodies) == 60
    assert [body["model"] for body in bodies].count(MODELS[0]) == 30
    assert sum(body["stream"] for body in bodies) == 30
    assert {body["max_tokens"] for body in bodies} == {99}


def test_arrivals_leave_at_their_instants(performed):
    """One a second of rule time is one every 1/60 s of wall time."""
    report, gateway = performed
    instants = sorted(seen.at_s for seen in list_calls(gateway, "paced"))
    spread_s = (instants[-1] - instants[0]) * gateway.speed
    assert spread_s == pytest.approx(119, abs=20)
    assert report["paced"]["late"] == 0
    assert report["paced"]["lateness_p50_s"] < 5
    assert report["paced"]["latency_p50_s"] > 0


def test_a_burst_has_its_rates(performed):
    """The stages of a burst are sent as planned: most arrivals come in its middle."""
    report, gateway = performed
    assert report["peak"]["sent"] == 150
    calls = list_calls(gateway, "peak")
    first = min(seen.at_s for seen in calls)
    early = [seen for seen in calls if (seen.at_s - first) * gateway.speed < 40]
    assert len(early) < 30


@pytest.mark.parametrize("reason", ["missing_token", "invalid_token"])
def test_a_scan_without_a_key_is_refused(performed, reason):
    """Every call is refused, no key is issued, and Locust calls it no failure."""
    report, gateway = performed
    assert report[reason]["statuses"] == {"401": 60}
    issued = [seen.body["id"] for seen in gateway.seen if seen.path == "/admin/keys"]
    assert sorted(issued) == ["dark", "paced", "peak", "team-a", "turning"]
    assert {seen.path for seen in gateway.seen if seen.key is None and not is_for_operators(seen)} == {
        "/v1/chat/completions"
    }


def is_for_operators(seen):
    """Return whether a request is one for the admin or control API."""
    return seen.path.startswith(("/admin/", "/control/"))


def test_clients_behind_a_rotation_catch_up(performed):
    """Calls succeed, are refused from the rotation on, and succeed again with the successor's token."""
    report, gateway = performed
    assert set(report["turn"]["statuses"]) == {"200", "401"}
    assert sum(report["turn"]["statuses"].values()) == 120
    # On a busy machine the rotation may come some seconds of rule time late, or calls due before it may.
    # Who catches up does not.
    assert 20 <= report["turn"]["statuses"]["401"] <= 60
    assert len(list_calls(gateway, "turning-2")) == 40
    (rotation,) = [seen for seen in gateway.seen if seen.path.endswith("/rotate")]
    assert rotation.body == {"grace_s": 0}


def test_an_outage_closes_and_opens_the_provider(performed):
    """The provider is told when the options say, once each way."""
    _, gateway = performed
    assert gateway.controls == [
        ("PUT", "/control/listening", {"listening": False}),
        ("PUT", "/control/listening", {"listening": True}),
    ]
    down, up = [seen.at_s for seen in gateway.seen if seen.path == "/control/listening"]
    assert (up - down) * gateway.speed == pytest.approx(20, abs=10)


def test_a_revoked_key_is_refused_from_the_first_call(perform, fake_gateway):
    """The load profile issues its key, revokes it as it starts, and goes on using it."""
    fake_gateway.admin_delay_s = 0.2
    options = {"reason": "key_revoked", "key": "old"}
    report = perform({"name": "scan", "scenario": "auth_scan", "stages": MINUTE, "options": options})
    assert report["scan"]["statuses"] == {"401": 60}
    assert [seen.path for seen in fake_gateway.seen[:2]] == ["/admin/keys", "/admin/keys/old/revoke"]
    assert {seen.key for seen in fake_gateway.calls} == {"old"}


def test_a_runaway_asks_for_long_answers(perform, fake_gateway):
    """The size of the answers is the load profile's, and a quota that stops it is no failure."""
    fake_gateway.answer_status = 429
    options = {"models": ["openai:o3"], "key": "greedy", "max_tokens": 50_000}
    report = perform({"name": "spend", "scenario": "cost_runaway", "stages": MINUTE, "options": options})
    assert report["spend"]["statuses"] == {"429": 60}
    assert {seen.body["max_tokens"] for seen in fake_gateway.calls} == {50_000}


def test_changes_reach_the_control_api_in_order(perform, fake_gateway):
    """A behaviour is put, an empty one is deleted; a tell at 0 comes before the first call."""
    fake_gateway.admin_delay_s = 0.2
    slow = {"latency": {"kind": "constant", "s": 40}}
    changes = [
        {"at_s": 30, "provider": "openai", "model": "*", "behaviour": {}},
        {"at_s": 0, "provider": "openai", "model": "gpt-4o", "behaviour": slow},
    ]
    options = {"models": MODELS, "key": "k"}
    profile = {"name": "base", "scenario": "steady", "stages": MINUTE, "changes": changes, "options": options}
    perform(profile)
    assert fake_gateway.controls == [
        ("PUT", "/control/models/gpt-4o", slow),
        ("DELETE", "/control/models/*", None),
    ]
    paths = [seen.path for seen in fake_gateway.seen]
    assert paths.index("/control/models/gpt-4o") < paths.index("/v1/chat/completions")


def test_all_scenarios_share_a_run_and_a_key(perform, fake_gateway):
    """Several scenario files perform one plan; a key that several load profiles use is issued once."""
    profiles = [
        {"name": name, "scenario": name, "stages": MINUTE, "options": {"models": MODELS, "key": "shared"}}
        for name in ("steady", "burst", "cost_runaway", "outage")
    ]
    scan = {"name": "scan", "scenario": "auth_scan", "stages": MINUTE, "options": {"reason": "missing_token"}}
    again = {**profiles[0], "name": "steady-2", "start_s": 10}
    report = perform(*profiles, scan, again)
    assert {name: profile["statuses"] for name, profile in report.items()} == {
        **{name: {"200": 60} for name in ("steady", "burst", "cost_runaway", "outage", "steady-2")},
        "scan": {"401": 60},
    }
    assert [seen.body for seen in fake_gateway.seen if seen.path == "/admin/keys"] == [{"id": "shared"}]
    # Locust's own pace, a user a second, would make some load profiles late by more than that.
    assert max(profile["lateness_p50_s"] for profile in report.values()) < 60


def test_an_answer_that_breaks_off_is_no_answer(perform, fake_gateway):
    """The body is read to its end; when that does not come, the status is 0."""
    fake_gateway.truncate = True
    options = {"models": MODELS, "key": "k"}
    report = perform({"name": "base", "scenario": "steady", "stages": MINUTE, "options": options})
    assert report["base"]["statuses"] == {"0": 60}
    assert report["base"]["latency_p50_s"] is None


def test_errors_of_the_gateway_do_not_fail_the_run(perform, fake_gateway):
    """What the answers mean is for the harness to judge: they are reported, and Locust exits with 0."""
    fake_gateway.answer_status = 503
    options = {"models": MODELS, "key": "k"}
    report = perform({"name": "base", "scenario": "steady", "stages": MINUTE, "options": options})
    assert report["base"]["statuses"] == {"503": 60}


def test_a_provider_that_cannot_be_told_ends_the_run(run_locust, fake_gateway, tmp_path):
    """Without its tells a drill proves nothing: the reason is the last line, and the exit code is 1."""
    fake_gateway.control_status = 500
    change = {"at_s": 0, "provider": "openai", "model": "*", "behaviour": {"completion_tokens": 1}}
    options = {"models": MODELS, "key": "k"}
    profile = {
        "name": "base",
        "scenario": "steady",
        "start_s": 0,
        "stages": [{"duration_s": 6_000, "rate_per_s": 1}],
        "changes": [change],
        "options": options,
    }
    plan = {"speed": 60, "origin_s": time.time(), "seed": 1, "report": str(tmp_path / "report.json")}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**plan, "controls": {"openai": fake_gateway.url}, "profiles": [profile]}))
    ended = run_locust("steady", options=("--plan", str(path)))
    assert ended.returncode == 1
    assert "provider openai answered PUT" in ended.stderr.splitlines()[-1]
    assert json.loads((tmp_path / "report.json").read_text())["done"] is False
