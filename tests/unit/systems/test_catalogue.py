"""The catalogue: drills and rules follow the values that are set, system by system."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

import alertdrill.systems.catalogue as catalogue
from alertdrill.core.drill import Drill
from alertdrill.core.expectation import BlindRule
from alertdrill.errors import BadInput
from alertdrill.rules.files import read_rules
from alertdrill.rules.values import Values
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import (
    choose_drills,
    find_systems_of,
    list_drills,
    list_rules,
    override_values,
    read_values,
)

SYSTEMS = find_systems()
AS_WRITTEN = """\
groups:
  - name: as-written
    rules:
      - alert: BlindAsWritten
        expr: sum(rate(requests_total{code="5xx"}[5m])) > 1
        labels: {edition: as_written, system: metis}
"""


def make_drill(*alerts: str, system: str = "metis") -> Drill:
    """Return a drill about some alerts."""
    expects = tuple(BlindRule(alert=alert, labels={}) for alert in alerts)
    return Drill(name="drill", system=system, traffic=(), expects=expects, why="", lasts_s=60)


@pytest.fixture
def with_as_written(tmp_path, monkeypatch) -> None:
    """Let metis's folder have rules that are kept as written."""
    (metis,) = (system for system in SYSTEMS if system.name == "metis")
    for path in metis.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "as_written.yml").write_text(AS_WRITTEN)
    monkeypatch.setattr(catalogue, "find_systems", lambda: (replace(metis, folder=tmp_path),))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_shipped_rules_are_what_the_shipped_values_make(system: System) -> None:
    """rules.yml is the template with the values as shipped and every alert on, to the letter."""
    (file,) = list_rules([make_drill(system=system.name)], override_values(()))
    shipped = read_rules(system.rules_path)
    assert file.text == shipped.text
    assert {rule.name for rule in file.alerts} == {
        alert.alert for alert in read_values(system).alerts.values()
    }


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_alert_states_threshold_and_for_and_is_off_as_shipped(system: System) -> None:
    """The master switch is off, each alert's own is on, and each has what its drills are made of."""
    values = read_values(system)
    assert not values.enabled
    for alert in values.alerts.values():
        assert alert.enabled
        assert alert.threshold >= 0
        assert alert.for_s >= 0


def test_settings_go_to_the_system_that_they_begin_with():
    """A setting changes one system's values; without settings they are as shipped."""
    shipped, changed = override_values(()), override_values(["metis.llmErrorRate.threshold=0.02"])
    assert set(shipped) == {system.name for system in SYSTEMS}
    assert changed["metis"]["llmErrorRate"].threshold == 0.02
    assert {name for name in shipped if shipped[name] != changed[name]} == {"metis"}


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("llmErrorRate.threshold=1", "does not begin with a system: "),
        ("nobody.llmErrorRate.threshold=1", "does not begin with a system: "),
        ("metis", "'' is not NAME=VALUE"),
        ("metis.llmErrorRate.threshold", "'llmErrorRate.threshold' is not NAME=VALUE"),
        ("metis.nothing.threshold=1", "there is no value 'nothing.threshold'"),
        ("metis.llmErrorRate.threshold=5m", "must be a number"),
        ("", "does not begin with a system: "),
    ],
)
def test_a_setting_of_no_system_is_refused(setting, says):
    """A setting must name a system and one of its values."""
    with pytest.raises(BadInput) as refused:
        override_values([setting])
    assert says in str(refused.value)


def test_every_drill_is_its_systems_and_named_for_it():
    """Drills come system by system, named after it or after the paging path, and no two share a name."""
    drills = list_drills(override_values(()))
    assert drills
    assert all(drill.name.startswith((f"{drill.system}-", "paging-")) for drill in drills)
    assert len({drill.name for drill in drills}) == len(drills)
    assert [drill.system for drill in drills] == sorted(drill.system for drill in drills)


def test_drills_are_made_of_the_values(monkeypatch):
    """A system's module is given its own values, and a system without a module has no drills."""
    seen: list[Values] = []
    module = ModuleType("alertdrill.systems.metis.drills")

    def make_drills(values: Values) -> tuple[Drill, ...]:
        seen.append(values)
        return (make_drill(),)

    module.make_drills = make_drills
    monkeypatch.setitem(sys.modules, "alertdrill.systems.metis.drills", module)
    values = override_values(["metis.llmErrorRate.threshold=0.02"])["metis"]
    assert list_drills({"metis": values, "nobody": values}) == (make_drill(),)
    assert seen == [values]


def test_rules_follow_the_values():
    """A threshold that is set is in the rules, and every alert is on although its switch is off."""
    values = override_values(["metis.llmErrorRate.threshold=0.02", "metis.llmLatencyP99.enabled=false"])
    (file,) = list_rules([make_drill()], values)
    exprs = {rule.name: rule.expr for rule in file.alerts}
    assert "0.02" in exprs["MetisLLMErrorRateHigh"]
    assert "MetisLLMCallLatencyP99High" in exprs


def test_rules_are_those_of_the_drills_systems():
    """Nothing is loaded for a system of which no drill is held."""
    assert list_rules([], override_values(())) == ()
    assert [system.name for system in find_systems_of([make_drill()])] == ["metis"]


@pytest.mark.usefixtures("with_as_written")
def test_rules_as_written_are_loaded_for_the_drills_that_name_them():
    """Rules that are kept as written are there when a drill is about one of them, and only then."""
    values = {"metis": override_values(())["metis"]}
    loaded = [
        [rule.name for file in list_rules([drill], values) for rule in file.alerts if "Written" in rule.name]
        for drill in (make_drill("BlindAsWritten"), make_drill("MetisLLMErrorRateHigh"))
    ]
    assert loaded == [["BlindAsWritten"], []]


def test_rules_of_the_paging_path_are_loaded_for_the_drills_that_name_them():
    """Rules that drill the paging path are there when a drill is about one of them, and only then."""
    values = {"metis": override_values(())["metis"]}
    loaded = [
        {rule.labels.get("edition") for file in list_rules([drill], values) for rule in file.alerts}
        for drill in (make_drill("MetisSpendInfo"), make_drill("MetisLLMErrorRateHigh"))
    ]
    assert loaded == [{None, "paging"}, {None}]


def test_a_folder_without_values_is_refused(tmp_path, monkeypatch):
    """A system's missing file is bad input, not a traceback."""
    monkeypatch.setattr(catalogue, "find_systems", lambda: (replace(SYSTEMS[0], folder=tmp_path),))
    with pytest.raises(BadInput, match=r"values\.yml: cannot be read"):
        override_values(())


def test_drills_are_chosen_by_name_and_system():
    """Names and a system narrow the choice; both must exist and leave something."""
    drills = list_drills(override_values(()))
    assert choose_drills((), None, drills) == drills
    assert {drill.system for drill in choose_drills((), "metis", drills)} == {"metis"}
    assert [drill.name for drill in choose_drills(("metis-auth-fires",), "metis", drills)] == [
        "metis-auth-fires"
    ]
    for names, system, says in (
        (("nothing",), None, "there is no drill 'nothing'; `alertdrill list` shows all"),
        (
            ("metis-auth-fire",),
            None,
            "there is no drill 'metis-auth-fire'; do you mean 'metis-auth-fires'[?]$",
        ),
        ((), "nobody", "there is no system 'nobody'"),
        (("drill",), "metis", "none of these drills is of that system"),
    ):
        with pytest.raises(BadInput, match=says):
            choose_drills(names, system, (*drills, make_drill(system="other")))


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("mantis.highFailureRate.threshold=0", "no drills of mantis can be made"),
        ("mantis.stuckConcurrency.threshold=9", "there are drills from 2 to 5, not for 9"),
        ("inference.queueDepth.threshold=100000", "inference-queue-fires would send for less than no time"),
        ("inference.timeoutSpike.window=100d", "inference-timeouts-one would have to end before it begins"),
        ("gatewayz.cacheHitRate.threshold=1.5", "there are drills up to 0.7, not for 1.5"),
        ("mana_llm.llmSlowResponses.threshold=500", "no drill can tell latencies of 500 s apart"),
        ("metis.llmErrorRate.threshold=2", "there are drills from 0.01 to 0.25, not for 2"),
    ],
)
def test_values_that_cannot_be_drilled_are_refused(setting: str, says: str) -> None:
    """What no traffic can be made for is bad input, said in one sentence, before anything is started."""
    with pytest.raises(BadInput, match=says):
        list_drills(override_values([setting]))
