"""What is held of a project, at which speeds, and how drills are kept apart."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.own_project import ALERTMANAGER

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, LoadStage
from alertdrill.core.expectation import Expectation, NearMiss, Suppressed
from alertdrill.errors import BadInput
from alertdrill.project.project import Project, Scrape, Secret, StubProvider, Target, Timer
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.evidence import find_pauses_wall_s, gather
from alertdrill.runner.order import make_order_at
from alertdrill.runner.project_run import GATEWAY, ProjectOrder, keep_apart, make_project_order
from alertdrill.runner.schedule import place
from alertdrill.runner.traffic import ProfileReport, TrafficReport
from alertdrill.runtime.binaries import Engines

RULES = parse_rules(
    """\
groups:
- name: g
  rules:
  - {record: "unread:age", expr: "time() - started"}
  - {alert: Failing, expr: "rate(x_total[5m]) > 1", for: 1m}
  - {alert: Busy, expr: "calls_in_flight > 1"}
  - {alert: Old, expr: "time() - process_start_time_seconds > 1"}
""",
    "rules.yml",
)
RULES_OF_DURATIONS = """\
groups:
- name: g
  rules:
  - {alert: Slow, expr: "histogram_quantile(0.95, sum by (le) (rate(x_seconds_bucket[5m]))) > 2", for: 1m}
"""
FIRES = Expectation(
    alert="Failing",
    labels={},
    fires_after_s=60,
    fires_within_s=180,
    receiver="oncall",
    resolves_within_s=600,
)
NEAR = NearMiss(alert="Failing", labels={}, reaches=0.5, pending=False)
TRAFFIC = LoadProfile(
    name="d",
    scenario="steady",
    start_s=0,
    stages=(LoadStage(duration_s=60, rate_per_s=1),),
    options={"models": ["m"]},
)
DRILL = Drill(name="d", system="own", traffic=(TRAFFIC,), expects=(FIRES,), why="", lasts_s=900)
COOLDOWN = Timer(name="cooldown", lasts_s=30, alerts=("Failing",))


def make_project(**changes: Any) -> Project:
    """Return a project, with changes."""
    scrape = Scrape(job="own", targets=("127.0.0.1:4000",))
    target = Target(url="http://127.0.0.1:4000")
    project = Project(path=Path("/p/alertdrill.toml"), out=Path("/p/out"), target=target, scrapes=(scrape,))
    return replace(project, **changes)


@pytest.fixture
def make(engines: Engines, tmp_path: Path) -> Any:
    """Return what makes the order of a project."""

    def make(
        *drills: Drill, files: tuple[RuleFile, ...] = (RULES,), environ: Any = None, **changes: Any
    ) -> ProjectOrder:
        stated = {name: changes.pop(name) for name in ("speed", "is_named") if name in changes}
        return make_project_order(
            make_project(**changes),
            files,
            drills,
            engines=engines,
            environ=environ or {},
            out=tmp_path,
            **stated,
        )

    return make


def test_drills_that_say_nothing_have_the_gateway_to_themselves() -> None:
    """Those that say what they use are held at once, but not beside one that does not."""
    kept = [
        *keep_apart(
            [
                DRILL,
                replace(DRILL, uses=frozenset({"a"})),
                replace(DRILL, shares=frozenset({"b"})),
            ]
        )
    ]
    assert [(set(one.uses), set(one.shares)) for one in kept] == [
        ({GATEWAY}, set()),
        ({"a"}, {GATEWAY}),
        (set(), {"b", GATEWAY}),
    ]


@pytest.mark.parametrize("is_first_alone", [True, False])
def test_nobody_begins_before_windows_forgot_who_was_before(*, is_first_alone: bool) -> None:
    """Also between one that has the gateway to itself and one that shares it, in either order."""
    alone = replace(DRILL, name="alone", expects=(), lasts_s=600 if is_first_alone else 60)
    shared = replace(DRILL, name="shared", expects=(NEAR,), uses=frozenset({"a"}), lasts_s=300)
    first, second = sorted(
        place(keep_apart([alone, shared]), rests_s={"alone": 120, "shared": 120}),
        key=lambda placement: placement.start_s,
    )
    assert (first.drill.name == "alone") is is_first_alone
    assert second.start_s - first.end_s >= 120


def test_two_drills_of_an_alert_are_apart() -> None:
    """Whatever they use: the alert of the first may be active still, or its windows full."""
    drills = [replace(DRILL, name=name, uses=frozenset({name})) for name in ("a", "b")]
    first, second = place(keep_apart(drills), rests_s={"a": 120, "b": 120})
    assert abs(second.start_s - first.start_s) >= DRILL.lasts_s + 120


def test_the_quiet_lead_is_longer_than_the_longest_window(make: Any) -> None:
    """By what samples may be late; a drill waits for its own alerts' windows only."""
    order = make(DRILL).order
    assert order.quiet_lead_s == 300 + 60 + 60 + 60
    assert order.rests_s == {"d": 300 + 60 + 60}


def test_the_quiet_lead_says_for_which_rule_it_is_so_long(make: Any) -> None:
    """One that no drill is about counts as well, but not where it is not evaluated."""
    drilled = make(DRILL).order
    assert drilled.quiet_lead_why == "Failing remembers 7:00"
    files = parse_rules(
        f"{RULES.text}  - {{alert: Spent, expr: 'increase(usd_total[1h]) > 5'}}\n", "rules.yml"
    )
    both = make(DRILL, files=(files,)).order
    assert both.quiet_lead_s == 3600 + 60 + 60
    assert both.quiet_lead_why == (
        "Spent remembers 1:01:00; no drill is about it, but it would fail those in which it fires"
    )
    wall = parse_rules(
        f"{RULES.text}  - {{alert: Cpu, expr: 'rate(cpu_seconds_total[1h]) > 1'}}\n", "rules.yml"
    )
    assert make(DRILL, files=(wall,), speed=12).order.quiet_lead_s == drilled.quiet_lead_s
    assert make(DRILL, files=(wall,), speed=1).order.quiet_lead_s == both.quiet_lead_s


def test_samples_of_seldom_scrapes_are_older(make: Any) -> None:
    """So it takes longer until nothing is left of what was before; each job is scraped in a quiet lead."""
    slow = Scrape(job="own", targets=("127.0.0.1:4000",), interval_s=300)
    order = make(DRILL, scrapes=(slow,)).order
    assert order.rests_s == {"d": 420 + 4 * 285}
    assert order.quiet_lead_s > 2 * slow.interval_s
    assert order.bounds.scrape_gap_s == 40 * 20


def test_a_timer_that_a_speed_stretches_is_over_before_a_drill(make: Any) -> None:
    """One of 30 s lasts as many times as long in rule time: calibration or a drill may have set it off."""
    wide = replace(DRILL, expects=(replace(FIRES, fires_within_s=3000),))
    order = make(wide, timers=(replace(COOLDOWN, lasts_s=200),), speed=10).order
    assert order.rests_s == {"d": 2000}
    assert order.quiet_lead_s == 2060


def test_speeds_are_those_at_which_all_drills_are_right(make: Any) -> None:
    """The cooldown of 30 s allows 5 where an alert may fire within two minutes."""
    assert make(DRILL).order.speeds[0] == 20
    assert make(DRILL, timers=(COOLDOWN,)).order.speeds == (5, 4, 3, 2, 1)


def test_what_would_slow_down_all_others_is_left_out_unless_it_is_named(make: Any) -> None:
    """It says at which speed it can be held; if nothing is left, that is said of each."""
    slow = replace(DRILL, name="slow", expects=(replace(FIRES, alert="Busy"),))
    made = make(DRILL, slow)
    assert [drill.name for drill in made.order.drills] == ["d"]
    assert "--speed 1" in made.left_out["slow"]
    assert make(slow, is_named=True).order.speeds == (1,)
    with pytest.raises(BadInput, match=r"no drill can be held: slow: it would slow down all others"):
        make(slow)


def test_a_speed_that_falsifies_a_drill_is_refused_for_it(make: Any) -> None:
    """The project's speed as well as one that was asked for, which comes first."""
    with pytest.raises(BadInput, match=r"d cannot be held: at speed 12 it would be wrong.*--speed 5"):
        make(DRILL, timers=(COOLDOWN,), speed=12, is_named=True)
    with pytest.raises(BadInput, match="at speed 20"):
        make(DRILL, timers=(COOLDOWN,), speed=20)
    assert make(DRILL, timers=(COOLDOWN,), speed=5).order.speed == 5


def test_an_inhibiting_alert_has_to_be_right_too(make: Any) -> None:
    """Whether a page is suppressed depends on it."""
    held = Suppressed(why="inhibited", by={"alertname": "Busy"})
    made = make(DRILL, replace(DRILL, name="s", expects=(replace(FIRES, suppressed=held),)))
    assert "Busy, which inhibits, is of the class durations" in made.left_out["s"]


def test_a_rule_that_is_right_at_speed_1_only_is_evaluated_at_no_other(make: Any) -> None:
    """It would page, and inhibit, for nothing; with it go records that read the clock."""
    order = make(DRILL).order
    assert [rule.name for rule in make_order_at(order, 12).alerts] == ["Failing"]
    assert "time()" not in make_order_at(order, 12).rules[0].text
    assert make_order_at(order, 12).recorded == order.rules
    assert make_order_at(order, 1) == order
    assert order.unfit.keys() == {"Busy", "Old"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": None}, "states no [target]"),
        ({"scrapes": ()}, "states no [[scrape]]"),
    ],
)
def test_a_project_that_cannot_be_held_says_what_it_lacks(
    make: Any, changes: dict[str, Any], said: str
) -> None:
    """With its file."""
    with pytest.raises(BadInput) as error:
        make(DRILL, **changes)
    assert said in str(error.value)
    assert "alertdrill.toml:1:" in str(error.value)


def test_a_drill_of_an_alert_that_there_is_not_is_refused(make: Any) -> None:
    """The nearest name is said."""
    with pytest.raises(BadInput, match=r"Failin.*Failing"):
        make(replace(DRILL, expects=(replace(FIRES, alert="Failin"),)))


def test_secrets_are_read_from_the_environment_that_is_given(make: Any, tmp_path: Path) -> None:
    """Key and headers; a variable that is not set is named."""
    target = Target(
        url="http://127.0.0.1:4000",
        key=Secret(env="KEY"),
        headers={"x-key": Secret(env="OTHER"), "x-team": "sre"},
    )
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER)
    made = make(
        DRILL,
        target=target,
        environ={"KEY": "k", "OTHER": "o"},
        alertmanager=tmp_path / "alertmanager.yml",
    )
    assert made.order.target.token == "k"
    assert made.order.target.headers == {"x-key": "o", "x-team": "sre"}
    with pytest.raises(BadInput, match="OTHER"):
        make(DRILL, target=target, environ={"KEY": "k"})


def test_a_key_that_a_drill_is_about_is_read_before_anything_is_started(make: Any) -> None:
    """From the environment that is given."""
    change = BehaviourChange(at_s=0, provider="openai", key_env="KEY", behaviour={"lookups": True})
    drill = replace(DRILL, traffic=(replace(TRAFFIC, changes=(change,)),))
    providers = (StubProvider(name="openai", dialect="openai"),)
    held = make(drill, providers=providers, environ={"KEY": "k"}).order.drills
    assert [one.name for one in held] == [drill.name]
    with pytest.raises(BadInput, match="set the environment variable KEY"):
        make(drill, providers=providers)


PROFILE = ProfileReport(
    planned=10,
    sent=10,
    late=0,
    lateness_p50_s=0,
    lateness_p99_s=0,
    lateness_max_s=0,
    latency_min_s=1,
    latency_p50_s=1,
    latency_p99_s=1,
    slowest_s=(1,),
    unwelcome=10,
    statuses={"401": 10},
)


def test_calls_take_no_longer_than_providers_and_what_a_run_bears(make: Any) -> None:
    """In rule time, at a speed; at speed 1 they take what they take, and so do those of unknown providers."""
    stub = StubProvider(name="openai", dialect="openai", behaviour={"latency": {"kind": "constant", "s": 2}})
    report = TrafficReport(profiles={"d": PROFILE}, refusals={"d": {"401": "the key is wrong"}})
    order = make(DRILL, providers=(stub,)).order
    assert gather(order, report, (), 5).calls_within_s == {"d": 10 + 15}
    assert not gather(order, report, (), 1).calls_within_s
    assert not gather(make(DRILL).order, report, (), 5).calls_within_s
    untold = StubProvider(name="openai", dialect="openai", behaviour={"errors": {"class": "timeout"}})
    assert gather(make(DRILL, providers=(untold,)).order, report, (), 5).calls_within_s == {"d": math.inf}
    slow = parse_rules(RULES_OF_DURATIONS, "rules.yml")
    timed = make(replace(DRILL, expects=(replace(FIRES, alert="Slow"),)), files=(slow,), providers=(stub,))
    # A tenth of a second of wall time is as much to such a rule at any speed; 15 s are 3 s of it.
    assert gather(timed.order, report, (), 5).calls_within_s == {"d": 10 + 0.5}
    assert gather(order, report, (), 5).calls["d"].answers == "10 times 401: the key is wrong"


@pytest.mark.parametrize(("speed", "pause_s"), [(1, 10), (20, 0.5), (1000, 0.1)])
def test_a_gateway_is_asked_as_often_as_it_is_used_to(make: Any, speed: float, pause_s: float) -> None:
    """Every ten seconds of rule time, since it may count that among its calls."""
    assert find_pauses_wall_s(make(DRILL).order, speed) == {"gateway": pause_s}
