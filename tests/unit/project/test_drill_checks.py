"""Drills of a project are about what it has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import NearMiss
from alertdrill.errors import BadInput
from alertdrill.project.drill_checks import check_alerts, check_keys, check_providers, check_timers
from alertdrill.project.project import Project, StubProvider, Timer

CHANGE = BehaviourChange(at_s=60, provider="openai", model="*", behaviour={})
DRILL = Drill(
    name="outage",
    system="own",
    why="w",
    lasts_s=600,
    traffic=(LoadProfile(name="t", scenario="steady", start_s=0, stages=(), changes=(CHANGE,)),),
    expects=(NearMiss(alert="Counted", labels={}, reaches=0.5, pending=False),),
)


def make_project(*providers: str) -> Project:
    """Return a project that starts these stub providers."""
    return Project(
        path=Path("/p/alertdrill.toml"),
        out=Path("/p/out"),
        providers=tuple(StubProvider(name=name, dialect="openai") for name in providers),
    )


def test_a_key_that_a_change_is_about_is_in_the_environment() -> None:
    """Its drill is named, before anything is started."""
    change = replace(CHANGE, model=None, key_env="CUSTOMER_KEY")
    drill = replace(DRILL, traffic=(replace(DRILL.traffic[0], changes=(change,)),))
    check_keys([DRILL, drill], {"CUSTOMER_KEY": "sk-1"})
    with pytest.raises(BadInput, match=r"^outage changes how the provider openai .*variable CUSTOMER_KEY to"):
        check_keys([DRILL, drill], {})


def test_what_is_there_is_fine() -> None:
    """Whatever else there is."""
    check_alerts([DRILL], ["Counted", "Busy"])
    check_providers([DRILL], make_project("other", "openai"))


def test_a_drill_of_no_alert_there_is_is_a_mistake() -> None:
    """Its expectation could never be met."""
    with pytest.raises(BadInput) as caught:
        check_alerts([DRILL], ["Countet", "Busy"])
    assert str(caught.value) == (
        "outage expects Counted, which is no alert of the rules; do you mean 'Countet'?"
    )


@pytest.mark.parametrize(("providers", "near"), [((), ""), (("opanai",), "; do you mean 'opanai'?")])
def test_a_drill_of_no_provider_there_is_is_a_mistake(providers: tuple[str, ...], near: str) -> None:
    """Nobody would be there to be told."""
    with pytest.raises(BadInput) as caught:
        check_providers([DRILL], make_project(*providers))
    assert str(caught.value) == (
        f"outage changes the provider openai, which is no [[provider]] of the project{near}"
    )


def test_a_timer_reaches_only_drills_that_there_are() -> None:
    """A misspelt name would bound nothing."""
    timer = Timer(name="cooldown", lasts_s=5, drills=("outage", "outag"), source="alertdrill.toml:9")
    project = Project(path=Path("/p/alertdrill.toml"), out=Path("/p/out"), timers=(timer,))
    check_timers(project, ["outage", "outag"])
    with pytest.raises(BadInput) as caught:
        check_timers(project, ["outage"])
    assert str(caught.value) == (
        "alertdrill.toml:9: [[timer]] 'cooldown' reaches the drill 'outag', which the project does not have; "
        "do you mean 'outage'?"
    )
