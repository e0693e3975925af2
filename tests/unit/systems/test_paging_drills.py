"""The drills of the paging path: rules on real engines, routes by amtool, traffic by arithmetic."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.plain_yaml import read_yaml
from support.simulated_prometheus import STEP_S
from support.whole_runs import ROOT, run_tool

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation, Grouped
from alertdrill.core.parts import PROVIDERS
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.load.arrivals import draw_arrivals
from alertdrill.rules.files import read_rules
from alertdrill.rules.promql.expressions import parse, selectors
from alertdrill.runtime.binaries import Engines, Generation, find_engines
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, override_values
from alertdrill.systems.metis.drills import paging
from alertdrill.systems.metis.drills.paging import load as paging_load
from alertdrill.systems.metis.drills.paging.load import RULES, USD_PER_CALL
from alertdrill.systems.metis.drills.paging.provider_outage import PROVIDER_ERRORS, PROVIDER_MODELS

(METIS,) = (system for system in find_systems() if system.name == "metis")
ALERTS = {rule.name: rule for rule in read_rules(METIS.paging_path).alerts}
ROUTES = ROOT / "harness" / "alertdrill" / "alertmanager" / "paging_routes.yml"
DRILLS = paging.make_drills()
SPENDING = [drill for drill in DRILLS if drill.traffic[0].scenario == "cost_runaway"]

each_generation = pytest.mark.parametrize("generation", list(Generation), ids=str)


@pytest.fixture(name="tools")
def find_tools(generation: Generation) -> Engines:
    """Return the engines of a generation."""
    return find_engines(os.environ, generation=generation)


def sample(drill: Drill) -> str:
    """Return what a drill's key has spent at each scrape, as promtool takes it."""
    (profile,) = drill.traffic
    stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
    answered_s = [at_s + 1 for at_s in draw_arrivals(stages)]
    counts = [
        sum(at_s <= number * STEP_S for at_s in answered_s) for number in range(int(drill.lasts_s / STEP_S))
    ]
    return " ".join(f"{count * USD_PER_CALL:.4f}" if count else "_" for count in counts)


def list_firing(drill: Drill) -> Iterator[dict[str, Any]]:
    """Yield tests of when each alert of a drill fires, for promtool."""
    for expected in drill.expects:
        assert isinstance(expected, Expectation)
        labels = {"alertname": expected.alert, **expected.labels}
        firing = f"ALERTS{{{','.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}"
        for at_s, fires in (
            (expected.fires_after_s - STEP_S, False),
            # Half of the slack is for the phase of scrapes and evaluations, which here is 0.
            (expected.fires_within_s - 30, True),
            (expected.resolves_within_s - paging_load.SLACK_S - 2 * STEP_S, True),
            (expected.resolves_within_s - 30, False),
        ):
            yield {
                "expr": f'count({firing[:-1]},alertstate="firing"}}) or vector(0)',
                "eval_time": f"{at_s:g}s",
                "exp_samples": [{"labels": "{}", "value": int(fires)}],
            }


def run_promtool(tools: Engines, folder: Path, cases: list[dict[str, Any]]) -> str:
    """Return what promtool says of cases on the rules of the paging path."""
    path = folder / "test.yml"
    tests = {"rule_files": [str(METIS.paging_path)], "evaluation_interval": "15s", "tests": cases}
    path.write_text(json.dumps(tests))
    return run_tool(tools.promtool, "test", "rules", str(path))


@each_generation
def test_each_key_makes_its_alerts_fire_and_resolve_when_the_drill_says(
    tools: Engines, tmp_path: Path
) -> None:
    """Prometheus's own evaluation of the rules as shipped, on what each drill's key spends."""
    cases = [
        {
            "interval": "15s",
            "input_series": [
                {
                    "series": f'metis_gateway_key_cost_usd_total{{gateway_key_id="{drill.traffic[0].name}"}}',
                    "values": sample(drill),
                }
            ],
            "promql_expr_test": list(list_firing(drill)),
        }
        for drill in SPENDING
    ]
    assert "SUCCESS" in run_promtool(tools, tmp_path, cases)


@each_generation
def test_forty_new_failures_are_news_for_five_minutes(tools: Engines, tmp_path: Path) -> None:
    """Every first error of a class of each model fires at once, with its provider, and resolves by itself."""
    models = [model.partition(":")[2] for model in PROVIDER_MODELS]
    names = [
        f'metis_llm_call_errors_total{{provider="openrouter",model="{model}",error_class="{error}"}}'
        for model in models
        for error in PROVIDER_ERRORS
    ]
    series = [{"series": name, "values": "_x4 1+0x40"} for name in names]
    firing = 'count(ALERTS{alertname="MetisProviderFails",provider="openrouter"}) or vector(0)'
    tests = [
        {"expr": firing, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for at, value in (("45s", 0), ("1m", 40), ("5m45s", 40), ("6m", 0), ("10m", 0))
    ]
    case = {"interval": "15s", "input_series": series, "promql_expr_test": tests}
    assert "SUCCESS" in run_promtool(tools, tmp_path, [case])


def test_what_the_drills_know_of_the_rules_is_so() -> None:
    """Thresholds, durations and window are those of paging.yml."""
    for severity, known in RULES.items():
        rule = ALERTS[known.alert]
        assert rule.expr.rstrip().endswith(f"> {known.threshold:g}")
        assert (rule.for_s, rule.keep_firing_for_s) == (known.for_s, known.keep_firing_for_s)
        assert rule.labels["severity"] == severity
        assert "[2m]" in rule.expr
    assert paging_load.WINDOW_S == 120


def test_a_key_moves_the_alerts_of_its_drill_and_no_others() -> None:
    """The rules that match a key are those that its drill is about, and no two drills share a key."""
    keys = [drill.traffic[0].options["key"] for drill in SPENDING]
    assert len(set(keys)) == len(keys)
    matchers = {
        name: next(
            matcher.value
            for selector in selectors(parse(rule.expr))
            for matcher in selector.matchers.matchers
            if matcher.name == "gateway_key_id"
        )
        for name, rule in ALERTS.items()
        if name != "MetisProviderFails"
    }
    for drill, key in zip(SPENDING, keys, strict=True):
        moved = {name for name, pattern in matchers.items() if re.fullmatch(pattern, key)}
        assert moved == {expected.alert for expected in drill.expects}, drill.name


def test_the_drills_move_none_of_metis_own_alerts() -> None:
    """No key spends what Metis allows in an hour, and no model shows an increase of errors."""
    allowed = override_values(())["metis"]["gatewayKeyCostSpike"].threshold
    for drill in SPENDING:
        (profile,) = drill.traffic
        calls = len(draw_arrivals([(stage.duration_s, stage.rate_per_s) for stage in profile.stages]))
        assert calls * USD_PER_CALL < allowed / 2
    (outage,) = (drill for drill in DRILLS if isinstance(drill.expects[0], Grouped))
    for profile in outage.traffic:
        calls = len(draw_arrivals([(stage.duration_s, stage.rate_per_s) for stage in profile.stages]))
        assert calls == len(profile.changes) == len(PROVIDER_MODELS)
        assert {told.behaviour["errors"]["next"] for told in profile.changes} == {1}


def test_models_are_those_of_the_gateway_and_of_nobody_else() -> None:
    """The models exist, cost what the drills reckon with, and nobody else tells their provider anything."""
    models = read_catalogue(SHIPPED, PROVIDERS).models
    price = models[paging_load.MODEL].price
    usd = (float(price.completion_usd) * paging_load.TOKENS + float(price.prompt_usd) * 100) / 1e6
    assert usd == pytest.approx(USD_PER_CALL)
    own = {paging_load.MODEL, *PROVIDER_MODELS}
    assert own <= set(models)
    assert len(own) == 21
    profiles = [
        profile
        for drill in list_drills(override_values(()))
        if drill not in DRILLS
        for profile in drill.traffic
    ]
    assert not own & {f"{told.provider}:{told.model}" for profile in profiles for told in profile.changes}
    closed = {profile.options["provider"] for profile in profiles if "down_at_s" in profile.options}
    assert not closed & {name.partition(":")[0] for name in own}


def list_faults() -> set[str]:
    """Return the ways in which a receiver fails in a drill."""
    return {fault.how for drill in DRILLS for fault in drill.faults}


def test_every_way_to_fail_and_every_integration_is_drilled() -> None:
    """A receiver fails in each way that there is, and each integration that there is pages."""
    assert list_faults() == {"rate_limit", "error", "timeout", "reset", "tls", "refuse"}
    integrations = {
        delivery.integration
        for drill in DRILLS
        for expected in drill.expects
        if isinstance(expected, Expectation)
        for delivery in expected.deliveries
    }
    assert integrations == {"pagerduty", "slack", "webhook", "opsgenie", "email"}


def test_a_receiver_that_fails_is_nobody_elses() -> None:
    """What befalls a receiver disturbs no other drill."""
    for drill in DRILLS:
        for fault in drill.faults:
            others = [other for other in DRILLS if other is not drill]
            assert fault.receiver not in {name for other in others for name in list_receivers(other)}


def list_receivers(drill: Drill) -> set[str]:
    """Return the receivers of which a drill expects something."""
    return {
        name
        for expected in drill.expects
        if isinstance(expected, Expectation | Grouped)
        for name in (
            expected.receiver,
            *(delivery.receiver for delivery in getattr(expected, "deliveries", ())),
        )
    }


@pytest.fixture(name="config", scope="module")
def write_alertmanager_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an Alertmanager config with the routes of the paging path."""
    parts = read_yaml(ROUTES)
    config = {
        **parts,
        "route": {"receiver": "unrouted", "group_by": ["..."], "routes": parts["routes"]},
        "receivers": [{"name": "unrouted"}, *parts["receivers"]],
    }
    del config["routes"]
    path = tmp_path_factory.mktemp("config") / "alertmanager.yml"
    path.write_text(json.dumps(config))
    return path


@each_generation
def test_alertmanager_takes_the_routes(tools: Engines, config: Path) -> None:
    """Both generations know every field."""
    assert "SUCCESS" in run_tool(tools.amtool, "check-config", str(config))


@each_generation
def test_each_alert_is_routed_to_the_receivers_that_its_drill_names(tools: Engines, config: Path) -> None:
    """By amtool's own reckoning, from the labels of rule and drill; also where the page is suppressed."""
    for drill in DRILLS:
        for expected in drill.expects:
            assert isinstance(expected, Expectation | Grouped)
            labels = {**ALERTS[expected.alert].labels, "alertname": expected.alert, **expected.labels}
            said = run_tool(
                tools.amtool,
                "config",
                "routes",
                "test",
                f"--config.file={config}",
                *(f"{name}={value}" for name, value in labels.items()),
            )
            routed = set(said.splitlines()[0].split(","))
            if isinstance(expected, Grouped) or not expected.deliveries:
                assert expected.receiver in routed, drill.name
            else:
                wanted = {delivery.receiver for delivery in expected.deliveries}
                assert routed == {expected.receiver} | wanted, drill.name


def test_every_drill_is_in_the_documentation() -> None:
    """The table of docs/explanation/paging.md has every drill, and no other."""
    rows = re.findall(
        r"^\| (`paging-.*?) \|", (ROOT / "docs" / "explanation" / "paging.md").read_text(), re.MULTILINE
    )
    named = set()
    for row in rows:
        first, *others = re.findall(r"`(.+?)`", row)
        stem = first.rpartition("-")[0]
        named |= {first, *(stem + name if name.startswith("-") else name for name in others)}
    assert named == {drill.name for drill in DRILLS}


def test_drills_are_short_and_well_formed() -> None:
    """Names say what they are about, each lasts less than three quarters of an hour, traffic ends in time."""
    assert len({drill.name for drill in DRILLS}) == len(DRILLS) >= 20
    for drill in DRILLS:
        assert drill.name.startswith("paging-")
        assert drill.lasts_s < 2700
        assert all(profile.end_s <= drill.lasts_s for profile in drill.traffic)
