"""Drills in YAML: each field becomes what Python would say, and each mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.core.drill import (
    BehaviourChange,
    Drill,
    LoadProfile,
    LoadStage,
    Maintenance,
    Outage,
    ReceiverFault,
)
from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Expected,
    Grouped,
    NearMiss,
    Suppressed,
    Text,
)
from alertdrill.errors import BadInput
from alertdrill.systems.drill_building.behaviours import HEALTHY
from alertdrill.systems.drill_files.drills import SETTLES_S, Defaults, parse_drills, read_drills

OUTAGE = """\
drills:
  - name: provider-outage
    why: The only deployment of a model fails for twenty minutes.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: 0.4/s, lasts: 40m}
    changes:
      - {at: 5m, provider: openai, errors: {class: server_error, share: 100%}}
      - {at: 25m, provider: openai, healthy: true}
    expect:
      - {alert: HighFailureRate, labels: {model: gpt-4.1}, fires: 12m..16m,
         pages: {receiver: oncall, title: {contains: gpt-4.1}}, resolves_by: 32m}
      - {alert: LatencyP95High, near_miss: {reaches: 60%..95%}}
"""


def parse_one(fields: str) -> Drill:
    """Return the drill that these fields, each on a line of its own, make beside a name and a why."""
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    (drill,) = parse_drills(f"drills:\n  - name: d\n    why: w\n{lines}", "drills.yml", "s")
    return drill


def expect(fields: str) -> Expected:
    """Return an expectation of the alert A, by its other fields."""
    (expected,) = parse_one(f"expect:\n  - {{alert: A, {fields}}}").expects
    return expected


def refuse(text: str) -> str:
    """Return what is wrong with a text."""
    with pytest.raises(BadInput) as refused:
        parse_drills(text, "drills.yml", "s")
    return str(refused.value)


def test_a_drill_says_in_yaml_what_it_says_in_python() -> None:
    """Durations, rates and shares are as people write them."""
    changes = (
        BehaviourChange(
            at_s=300,
            provider="openai",
            model="*",
            behaviour={**HEALTHY, "errors": {"class": "server_error", "share": 1.0}},
        ),
        BehaviourChange(at_s=1500, provider="openai", model="*", behaviour=HEALTHY),
    )
    assert parse_drills(OUTAGE, "drills.yml", "shop") == (
        Drill(
            name="provider-outage",
            system="shop",
            why="The only deployment of a model fails for twenty minutes.",
            traffic=(
                LoadProfile(
                    name="provider-outage",
                    scenario="steady",
                    start_s=0,
                    stages=(LoadStage(duration_s=2400, rate_per_s=0.4),),
                    changes=changes,
                    options={"models": ["gpt-4.1"]},
                ),
            ),
            expects=(
                Expectation(
                    alert="HighFailureRate",
                    labels={"model": "gpt-4.1"},
                    fires_after_s=720,
                    fires_within_s=960,
                    receiver="oncall",
                    resolves_within_s=1920,
                    deliveries=(Delivery(receiver="oncall", title=Text(how="contains", text="gpt-4.1")),),
                ),
                NearMiss(alert="LatencyP95High", labels={}, reaches=0.6, reaches_at_most=0.95, pending=False),
            ),
            lasts_s=2400 + SETTLES_S,
        ),
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "fires: ..5m, pages: oncall, resolves_by: 1h, pages_within: 90s, closes_within: 2m",
            Expectation(
                alert="A",
                labels={},
                fires_within_s=300,
                receiver="oncall",
                resolves_within_s=3600,
                pages_within_s=90,
                closes_within_s=120,
            ),
        ),
        (
            "fires: 5m, pages: [oncall, log], resolves_by: 1h",
            Expectation(
                alert="A",
                labels={},
                fires_within_s=300,
                receiver="oncall",
                resolves_within_s=3600,
                deliveries=(Delivery(receiver="log"),),
            ),
        ),
        (
            "fires: 5m, pages: [oncall, {receiver: log, integration: webhook, notifications: 1..2, "
            "closes: false}], resolves_by: 1h, suppressed: {why: silenced, until: 20m, by: {a: b}}",
            Expectation(
                alert="A",
                labels={},
                fires_within_s=300,
                receiver="oncall",
                resolves_within_s=3600,
                suppressed=Suppressed(why="silenced", until_s=1200, by={"a": "b"}),
                deliveries=(
                    Delivery(receiver="log", integration="webhook", notifications=(1, 2), closes=False),
                ),
            ),
        ),
        (
            "fires: 5m, grouped: {alerts: 40}, pages: {receiver: oncall, integration: slack}, "
            "resolves_by: 1h",
            Grouped(
                alert="A",
                labels={},
                alerts=40,
                fires_within_s=300,
                resolves_within_s=3600,
                receiver="oncall",
                integration="slack",
            ),
        ),
        (
            "near_miss: {reaches: 85%, pending: 4m..9m}",
            NearMiss(alert="A", labels={}, reaches=0.85, pending=True, pending_within_s=(240, 540)),
        ),
        (
            "near_miss: {reaches: 0.85, pending: true}",
            NearMiss(alert="A", labels={}, reaches=0.85, pending=True),
        ),
        ("blind: true", BlindRule(alert="A", labels={})),
        ("blind: {from: 5m}", BlindRule(alert="A", labels={}, after_s=300)),
    ],
)
def test_every_kind_of_expectation_can_be_written(fields: str, expected: Expected) -> None:
    """What is not stated is as in Python."""
    assert expect(fields) == expected


def test_all_else_of_a_drill_can_be_written() -> None:
    """Stages, outages, receivers that fail, maintenances, and how it is held."""
    drill = parse_one(
        "traffic:\n"
        "  - {scenario: burst, at: 1m, key: k, max_tokens: 3,\n"
        "     stages: [{rate: 6/m, lasts: 1m}, {rate: 2/s, lasts: 30s}]}\n"
        "  - {scenario: steady, rate: 36/h, lasts: 1m, arrivals: poisson, api: chat, stream_share: 50%}\n"
        "outages: [{part: gateway, at: 1m, lasts: 2m, how: kill}]\n"
        "receiver_faults: [{receiver: oncall, at: 0, lasts: 5m, how: rate_limit, integration: slack}]\n"
        "maintenance: [{matchers: {a: b}, at: 1m, lasts: 1h}]\n"
        "uses: [the provider]\n"
        "max_speed: 5\n"
        "calls_within: 20s\n"
        'starts_at: "22:30"\n'
        "alertmanagers: 2\n"
        "lasts: 2h"
    )
    first, second = drill.traffic
    assert (first.name, first.start_s, first.stages) == (
        "d",
        60,
        (LoadStage(duration_s=60, rate_per_s=0.1), LoadStage(duration_s=30, rate_per_s=2)),
    )
    assert first.options == {"key": "k", "max_tokens": 3}
    assert (second.name, second.arrivals, second.options) == (
        "d-2",
        "poisson",
        {"api": "chat", "stream_share": 0.5},
    )
    assert drill.outages == (Outage(part="gateway", at_s=60, for_s=120, how="kill"),)
    assert drill.faults == (
        ReceiverFault(receiver="oncall", at_s=0, for_s=300, how="rate_limit", integration="slack"),
    )
    assert drill.maintenance == (Maintenance(matchers={"a": "b"}, at_s=60, for_s=3600),)
    assert (drill.uses, drill.max_speed, drill.calls_within_s) == ({"the provider"}, 5, 20)
    assert (drill.starts_at, drill.alertmanagers, drill.lasts_s) == ("22:30", 2, 7200)


def test_changes_count_from_the_drills_start() -> None:
    """Whenever the load profile begins that they go with."""
    drill = parse_one(
        "traffic: [{scenario: steady, at: 2m, rate: 1/s, lasts: 5m}]\n"
        "changes:\n"
        "  - {at: 3m, provider: p, model: m, latency: 12s}\n"
        "  - {at: 4m, provider: p, latency: {from: 1s, to: 3s}, completion_tokens: 9}\n"
        "  - {at: 5m, provider: p, latency: {median: 2s}, errors: {every: 25}}\n"
        "  - {at: 5m30s, provider: p, latency: {usually: 50ms, slow: 9s, every: 20}}\n"
        "  - {at: 6m, provider: p, listening: false}"
    )
    (profile,) = drill.traffic
    assert [(change.at_s, change.model) for change in profile.changes] == [
        (60, "m"),
        (120, "*"),
        (180, "*"),
        (210, "*"),
        (240, None),
    ]
    assert [dict(change.behaviour) for change in profile.changes] == [
        {"latency": {"kind": "constant", "s": 12}},
        {"latency": {"kind": "uniform", "low_s": 1, "high_s": 3}, "completion_tokens": 9},
        {
            "latency": {"kind": "lognormal", "median_s": 2, "sigma": 0.3},
            "errors": {"class": "server_error", "every": 25},
        },
        {"latency": {"kind": "mixed", "s": 0.05, "slow_s": 9, "every": 20}},
        {"listening": False},
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lasts: 40m", "lasts: 40 minutes", "5: lasts of a load profile of the drill 'provider-outage' is"),
        ("rate: 0.4/s", "rate: 0.4", "5: rate of a load profile"),
        ("scenario: steady, ", "", "5: a load profile of the drill 'provider-outage' has no scenario"),
        (
            "share: 100%",
            "often: 1",
            "7: errors of a change of the drill 'provider-outage' has a field 'often'",
        ),
        ("healthy: true", "healthy: false", "8: healthy is only ever true"),
        ("at: 25m", "at: 2h", "comes at 2h, and provider-outage is over at 45m: it would never come"),
        ("provider: openai, healthy", "provder: openai, healthy", "8: a change of the drill"),
        (
            "fires: 12m..16m",
            "fires: 16m..12m",
            "10: fires of what is expected of HighFailureRate is '16m..12m'",
        ),
        ("labels: {", "lables: {", "field 'lables', which is unknown; do you mean 'labels'?"),
        ("contains: gpt-4.1", "containing: gpt-4.1", "has to be one of exact, contains, regex"),
        (
            "pages: {receiver: oncall, title: {contains: gpt-4.1}}, ",
            "",
            "has no pages: name the receiver that is notified, as pages: oncall",
        ),
        ("near_miss: {reaches: 60%..95%}", "", "has to be one of fires, near_miss, blind"),
        ("near_miss: {reaches", "nearmiss: {reaches", "near_miss, blind; do you mean 'near_miss'?"),
        ("reaches: 60%..95%", "reaches: 95%..60%", "12: reaches of the near miss of LatencyP95High"),
        ("name: provider-outage", "name: a/b", "2: 'a/b' is no name for a drill"),
        ("    why: The only deployment of a model fails for twenty minutes.\n", "", "has no why"),
        ("drills:\n", "drill:\n", "1: the file has a field 'drill', which is unknown; do you mean 'drills'?"),
        ("reaches: 60%..95%", "reaches: 60", "is '60', not a share such as 85%"),
        ("reaches: 60%..95%", "reaches: 95%..60%", "is '95%..60%': the first is more than the last"),
        (
            "fires: 12m..16m",
            "fires: 16m..12m",
            "10: fires of what is expected of HighFailureRate is '16m..12m': the",
        ),
        (
            "healthy: true",
            "healthy: true, latency: 3s",
            "8: a change of the drill 'provider-outage' is healthy: true",
        ),
        (
            ", healthy: true",
            "",
            "8: a change of the drill 'provider-outage' says nothing: state healthy: true",
        ),
        (
            "healthy: true",
            "errors: 10%",
            "8: errors of a change of the drill 'provider-outage' is '10%', not a map",
        ),
        ("share: 100%", "share: 100", "is '100', not a share from 0% to 100%, such as 10%"),
        ("healthy: true", "limits: {requests: 1, per: 0s}", "is '0s', not a duration from 1ms to 1d"),
        ("healthy: true", "flaw: {kind: stall}", "has no for: it must be a duration from 1ms to 1d"),
        ("drills:\n", "groups: []\ndrills:\n", "1: this is no file of drills, but looks like a rule file"),
        ("contains: gpt-4.1", 'regex: "("', "is no regular expression"),
        ("labels: {model: gpt-4.1}", "labels: {alertname: A}", "alertname is stated as alert: A"),
        ("labels: {model: gpt-4.1}", "labels: {model: }", "the label model has no text as its value"),
        ("resolves_by: 32m", "resolves_by: ", "states no value for resolves_by"),
        ("resolves_by: 32m", "resolves_by: 13m", "10: HighFailureRate has to resolve by 13m, and may fire"),
        ("    expect:", "    lasts: 20m\n    expect:", "9: provider-outage lasts 20m, which is too short"),
        ("    expect:", "    starts_at: noon\n    expect:", "is 'noon', not a time of day"),
        ("    expect:", "    max_speed: 0\n    expect:", "no run is held at that"),
        ("rate: 0.4/s", "stages: [{rate: 1/s, lasts: 1m}]", "so it has no rate of its own"),
        (
            "healthy: true",
            "latency: {from: 5s, to: 1s}",
            "8: from of latency of a change of the drill 'provider-outage' must not be more than to",
        ),
        ("healthy: true", "latency: {usually: 5s, slow: 9s}", "has no every"),
        (
            "healthy: true",
            "latency: {usually: 5s, slow: 9s, every: 0}",
            "is '0', not a whole number from 1 to",
        ),
        ("share: 100%", "every: 0", "is '0', not a whole number from 1 to"),
        (OUTAGE, "", "1: the file is empty"),
        (OUTAGE, "drills: []\n", "1: the file has no drills"),
        (OUTAGE, "- a\n", "1: the file is no mapping of fields"),
        (OUTAGE, "drills: [\n", "is not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, said: str) -> None:
    """What the field is of, what it says, and what was probably meant."""
    assert old in OUTAGE
    assert said in (message := refuse(OUTAGE.replace(old, new))), message
    assert message.startswith("drills.yml:")


def test_drills_of_several_files_have_names_of_their_own(tmp_path: Path) -> None:
    """The second one is named, with its file and line."""
    one, two = tmp_path / "one.yml", tmp_path / "two.yml"
    one.write_text(OUTAGE)
    two.write_text(OUTAGE.replace("provider-outage", "other"))
    both = read_drills([one, two], Defaults(system="s"))
    assert [drill.name for drill in both] == ["provider-outage", "other"]
    with pytest.raises(BadInput, match=r"one\.yml:2: there are two drills named 'provider-outage'"):
        read_drills([one, one], Defaults(system="s"))


def test_a_change_is_about_a_model_or_a_key_on_top_of_how_it_is_otherwise(tmp_path: Path) -> None:
    """Healthy is what the project says of the model, or else of the provider."""
    text = """drills:
  - name: d
    why: w
    traffic: [{scenario: steady, rate: 1/s, lasts: 5m}]
    changes:
      - {at: 1m, provider: p, model: m, first_token: 500ms}
      - {at: 2m, provider: p, model: n, healthy: true}
      - {at: 3m, provider: p, key: {env: CUSTOMER_KEY}, limits: {requests: 60, per: 1m}}
"""
    of_all, of_model = {"latency": {"kind": "constant", "s": 1}}, {"latency": {"kind": "constant", "s": 9}}
    path = tmp_path / "drills.yml"
    path.write_text(text)
    (drill,) = read_drills([path], Defaults(system="s", healthy={"p": of_all, "p:m": of_model}))
    limits = {"limits": {"requests": 60, "per_s": 60}}
    first = {"first_token": {"kind": "constant", "s": 0.5}}
    assert drill.traffic[0].changes == (
        BehaviourChange(at_s=60, provider="p", model="m", behaviour={**of_model, **first}),
        BehaviourChange(at_s=120, provider="p", model="n", behaviour=of_all),
        BehaviourChange(at_s=180, provider="p", key_env="CUSTOMER_KEY", behaviour={**of_all, **limits}),
    )


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (
            "key: sk-1, lookups: true",
            "key of a change of the drill 'd' is a secret, so it has to be {env: NAME}",
        ),
        ("key: {env: sk-1}, lookups: true", "key of a change of the drill 'd' is a secret"),
        ("key: {env: A}, model: m", "a change of the drill 'd' has a key, whose calls it is about whatever"),
        (
            "flaws: {kind: reset}",
            "a change of the drill 'd' has a field 'flaws', which is unknown; do you mean 'flaw'?",
        ),
    ],
)
def test_a_change_that_is_none_is_said_without_the_key(stated: str, said: str) -> None:
    """With its line."""
    text = f"drills:\n  - name: d\n    why: w\n    changes:\n      - {{at: 0, provider: p, {stated}}}\n"
    message = refuse(text)
    assert message.startswith(f"drills.yml:5: {said}")
    assert "sk-1" not in message
