"""The drills of every system follow its values: well formed, on both sides of each rule, by arithmetic."""

from __future__ import annotations

from functools import cache

import pytest
from support.drill_arithmetic import find_faults
from support.simulated_mana_llm import CHANGED as MANA_LLM_CHANGED
from support.simulated_mana_llm import MANA_LLM
from support.simulated_metis import CHANGED as METIS_CHANGED
from support.simulated_metis import METIS

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.rules.values import Values
from alertdrill.systems import find_own
from alertdrill.systems.catalogue import list_drills, list_rules, override_values

SYSTEMS = {system.name: system for system in find_own()}
SIMULATED = {"metis": METIS, "mana_llm": MANA_LLM}
"""Systems whose traffic is simulated; the others' rules are held on the golden recordings."""


def vary(system: str) -> tuple[str, ...]:
    """Return no setting, and settings that change each alert's threshold and `for` a little."""
    alerts = override_values((), [SYSTEMS[system]])[system].alerts
    return (
        "",
        *(f"{key}.threshold={alert.threshold * 0.8:g}" for key, alert in alerts.items()),
        *(
            f"{key}.for={alert.for_s * factor:g}s"
            for key, alert in alerts.items()
            if alert.for_s
            for factor in (0.8, 1.25)
        ),
    )


CHANGED = {
    "metis": METIS_CHANGED,
    "mana_llm": MANA_LLM_CHANGED,
    "inference": (
        *vary("inference"),
        "highErrorRate.threshold=0.02",
        "highErrorRate.threshold=0.2",
        "highP99Latency.threshold=5",
        "highP99Latency.for=15m",
        "queueDepth.threshold=60",
        "queueDepth.for=10m",
        "timeoutSpike.for=4m",
    ),
}
"""Settings of a system's values, if not those of `vary`: blanks between several in one, the first none."""
CASES = [(system, settings) for system in SYSTEMS for settings in CHANGED.get(system) or vary(system)]
COUNTS = {"mana_llm": (9, 10), "metis": (18, 45)}
"""How many drills a system has, least and most: those that rest on some values are left out at others."""
MOST_PER_S = {"metis": 20}
"""How much traffic a drill may send, if not 6 a second: a scan of keys is quick."""
CLOSING_S = {"metis": 0}
"""How long a drill goes on after its alert has resolved, if not 240 s, in which the page closes."""

UNSEEN = {"ServiceDown", "LLMServiceDown"}
"""Rules whose near miss is so short that no scrape need meet it."""
ONE_SIDED = {
    "ServiceDown": (False, "`up` is 0 or 1, and nothing between"),
    "LLMServiceDown": (False, "`up` is 0 or 1, and nothing between"),
    "MantisCostBudgetSpike": (True, "it fires at once, so nothing is short of its `for`"),
}
"""Rules of which there is no near miss that is pending (True) or that is not (False), and why."""
BLIND = {
    "ServiceDown": "a target that is not in the config has no `up`",
    "InferenceHighP99Latency": "with too few calls there is no p99",
    "MetisGatewayKeyCostSpike": "what belongs to no key is left out",
}
"""Rules that a drill shows to be blind, too, and why."""


@cache
def make(system: str, settings: str) -> tuple[tuple[Drill, ...], dict[str, Values]]:
    """Return a system's drills with some values changed, and the values."""
    values = override_values([f"{system}.{setting}" for setting in settings.split()], [SYSTEMS[system]])
    return list_drills(values, [SYSTEMS[system]]), values


def test_what_is_said_of_systems_is_of_systems_that_there_are() -> None:
    """A system that is renamed does not leave its settings and its simulation behind."""
    assert set(SYSTEMS) >= {*SIMULATED, *CHANGED, *COUNTS, *MOST_PER_S, *CLOSING_S}


@pytest.mark.parametrize(("system", "settings"), CASES)
def test_drills_are_well_formed_whatever_the_values_are(system: str, settings: str) -> None:
    """Names differ, traffic ends in time, rates are modest, and what is expected happens before the end."""
    drills, _ = make(system, settings)
    least, most = COUNTS.get(system, (1, 100))
    assert least <= len({drill.name for drill in drills}) == len(drills) <= most
    for drill in drills:
        for profile in drill.traffic:
            assert profile.end_s <= drill.lasts_s
            assert all(stage.rate_per_s <= MOST_PER_S.get(system, 6) for stage in profile.stages)
        for one in drill.expects:
            if isinstance(one, Expectation):
                assert one.fires_after_s + 60 <= one.fires_within_s < one.resolves_within_s
                assert one.resolves_within_s + CLOSING_S.get(system, 240) <= drill.lasts_s
            elif isinstance(one, NearMiss) and one.pending_within_s:
                least_s, most_s = one.pending_within_s
                assert (-1 if one.alert in UNSEEN else 0) < least_s < most_s


@pytest.mark.parametrize(
    ("system", "settings"), [(system, settings) for system, settings in CASES if system in SIMULATED]
)
def test_drills_hold_whatever_the_values_are(system: str, settings: str) -> None:
    """Each drill's traffic does to the rules, by arithmetic, what the drill expects of them."""
    drills, values = make(system, settings)
    simulation = SIMULATED[system]
    readings = [(drill, simulation.read(drill, values[system])) for drill in drills]
    found = [(drill, read) for drill, read in readings if read is not None]
    assert found
    assert [fault for drill, read in found for fault in find_faults(drill, read, simulation)] == []


@pytest.mark.parametrize(("system", "settings"), CASES)
def test_every_alert_is_drilled_whatever_the_values_are(system: str, settings: str) -> None:
    """Each alert fires, and is silent short of its threshold and of its `for`; each as written is drilled."""
    drills, values = make(system, settings)
    own, *editions = list_rules(drills, values, [SYSTEMS[system]])
    for alert in own.alerts:
        mine = [expected for drill in drills for expected in drill.expects if expected.alert == alert.name]
        blind = {BlindRule} if alert.name in BLIND else set()
        assert {type(expected) for expected in mine} == {Expectation, NearMiss} | blind, alert.name
        missing = {ONE_SIDED[alert.name][0]} if alert.name in ONE_SIDED else set()
        pending = {expected.pending for expected in mine if isinstance(expected, NearMiss)}
        assert pending == {False, True} - missing, alert.name
    expected_alerts = {expected.alert for drill in drills for expected in drill.expects}
    assert {alert.name for file in editions for alert in file.alerts} <= expected_alerts
