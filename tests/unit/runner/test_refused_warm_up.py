"""Whether a gateway answers the warm-up of a run, as the scenarios of its drills want it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from alertdrill.core.drill import LoadProfile, LoadStage
from alertdrill.errors import CouldNotTell
from alertdrill.runner.refused_warm_up import demand_welcome, list_warm_up
from alertdrill.runner.traffic import ProfileReport, TrafficReport

WARM_UP = LoadProfile(
    name="warm-up 1",
    scenario="steady",
    start_s=-90.0,
    stages=(LoadStage(duration_s=10, rate_per_s=0.2),),
    options={"models": ["gpt-4.1"]},
)


def report(statuses: Mapping[str, int], unwelcome: int, said: str = "") -> TrafficReport:
    """Return what became of the two calls so far."""
    profile = ProfileReport(
        planned=2,
        sent=2,
        late=0,
        lateness_p50_s=0.1,
        lateness_p99_s=0.1,
        lateness_max_s=0.1,
        latency_min_s=0.8,
        latency_p50_s=0.9,
        latency_p99_s=1.0,
        slowest_s=(1.0,),
        unwelcome=unwelcome,
        statuses=statuses,
    )
    return TrafficReport(
        profiles={"warm-up 1": profile}, refusals={"warm-up 1": dict.fromkeys(statuses, said)}
    )


def test_a_gateway_that_refuses_every_call_of_the_warm_up_is_quoted() -> None:
    """With what was asked for, and without what a terminal would obey."""
    with pytest.raises(CouldNotTell) as error:
        demand_welcome(report({"400": 2}, 2, "Invalid model name\x1b[2J"), (WARM_UP,))
    assert str(error.value).startswith(
        "not one of 2 calls of the warm-up, steady for gpt-4.1, was answered as its scenario wants "
        "(2 times 400: Invalid model name\\x1b[2J), with nothing wrong yet: no drill was held."
    )


@pytest.mark.parametrize(
    ("statuses", "unwelcome", "is_over"),
    [({}, 0, False), ({"400": 1}, 1, False), ({"400": 1, "200": 1}, 1, True), ({"401": 2}, 0, True)],
    ids=["no answer yet", "one refused so far", "one of two refused", "refused as the scenario wants"],
)
def test_a_warm_up_is_over_once_a_call_was_answered_as_its_scenario_wants(
    statuses: Mapping[str, int], unwelcome: int, *, is_over: bool
) -> None:
    """Until then it is asked again; a scenario of wrong keys wants to be refused."""
    assert demand_welcome(report(statuses, unwelcome), (WARM_UP,)) is is_over


def test_a_warm_up_of_which_nothing_is_known_is_not_over() -> None:
    """Locust has not reported yet."""
    assert not demand_welcome(TrafficReport(), (WARM_UP,))


def test_only_what_is_sent_before_the_drills_is_the_warm_up() -> None:
    """A drill's own load profile may be called alike."""
    own = LoadProfile(name="warm-up 2", scenario="steady", start_s=60.0, stages=WARM_UP.stages)
    assert list_warm_up((WARM_UP, own)) == (WARM_UP,)
