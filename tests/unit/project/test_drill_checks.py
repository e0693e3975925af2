"""Drills of a project are about what it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import NearMiss
from alertdrill.errors import BadInput
from alertdrill.project.drill_checks import check_alerts, check_providers, check_timers
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
