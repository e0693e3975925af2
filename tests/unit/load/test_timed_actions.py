"""What is done at an instant of a load profile, and how late it was done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from alertdrill.load.plan import BehaviourChange, LoadProfile
from alertdrill.load.statistics import Statistics
from alertdrill.load.timed_actions import ActionTimer

FAILS = {"errors": {"class": "server_error", "next": 1}}


class SlowHand:
    """A timetable whose time goes on while one sleeps, and a provider that takes its time to be told."""

    def __init__(self, profile: LoadProfile, *takes_s: float) -> None:
        self.plan = SimpleNamespace(profiles=(profile,))
        self.now_s = 0.0
        self.told: list[float] = []
        self._takes_s = list(takes_s)

    def elapsed_s(self, profile: LoadProfile, at_s: float) -> float:
        """Return the time since an instant of the profile."""
        return self.now_s - profile.start_s - at_s

    def sleep_until(self, profile: LoadProfile, at_s: float) -> None:
        """Let time go on."""
        self.now_s = max(self.now_s, profile.start_s + at_s)

    def change(self, change: BehaviourChange) -> None:
        """Take the provider's time."""
        self.told.append(change.at_s)
        self.now_s += self._takes_s.pop(0)


def make_profile(*instants: float) -> LoadProfile:
    """Return a profile that tells a provider something at these instants."""
    changes = tuple(
        BehaviourChange(at_s=at_s, provider="ollama", model="qwen3", behaviour=FAILS) for at_s in instants
    )
    return cast(LoadProfile, SimpleNamespace(name="scan", start_s=600.0, changes=changes))


def perform(hand: SlowHand) -> float | None:
    """Do all that is to be done, and return how late the latest was."""
    (profile,) = hand.plan.profiles
    tally = Statistics(planned=0, welcomes=lambda _: True)
    timer = ActionTimer(
        cast(Any, hand),
        {"scan": cast(Any, SimpleNamespace(actions=lambda _: ()))},
        keyring=cast(Any, None),
        controls=cast(Any, hand),
        tallies={"scan": tally},
    )
    timer.open(profile)
    timer.go_on(profile)
    return cast("float | None", tally.report()["action_lateness_max_s"])


def test_an_action_is_as_late_as_it_is_done() -> None:
    """When it began does not count: a call may come before the provider has heard."""
    hand = SlowHand(make_profile(1.0, 7.7), 5.5, 0.25)
    assert perform(hand) == 5.5
    assert hand.told == [1.0, 7.7]


def test_what_waits_for_another_action_is_late_by_that() -> None:
    """One comes after the other."""
    assert perform(SlowHand(make_profile(1.0, 2.0), 4.0, 1.0)) == 4.0


def test_what_comes_before_the_first_call_is_not_late() -> None:
    """Calls wait for it."""
    assert perform(SlowHand(make_profile(0.0), 9.0)) is None
