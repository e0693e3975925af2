"""Takes the timed actions of load profiles: what scripts do at an instant, and what providers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.plan import LoadProfile
from alertdrill.load.provider_controls import Controls
from alertdrill.load.script import Script, TimedAction
from alertdrill.load.statistics import Statistics
from alertdrill.load.timetable import Timetable


class ActionTimer:
    """The timed actions of all load profiles, each taken once; `on_action` is called after each later one.

    How late a later one was done, in rule time, is noted in the profile's tally.
    """

    def __init__(
        self,
        timetable: Timetable,
        scripts: Mapping[str, Script],
        *,
        keyring: Keyring,
        controls: Controls,
        tallies: Mapping[str, Statistics],
        on_action: Callable[[], None] = lambda: None,
    ) -> None:
        self._timetable = timetable
        self._tallies = tallies
        self._on_action = on_action
        self._actions: dict[str, list[TimedAction]] = {}
        for profile in timetable.plan.profiles:
            changes = [
                TimedAction(at_s=change.at_s, do=partial(controls.change, change))
                for change in profile.changes
            ]
            actions = [*scripts[profile.name].actions(keyring), *changes]
            self._actions[profile.name] = sorted(actions, key=lambda action: action.at_s)

    def open(self, profile: LoadProfile) -> None:
        """Give the timed actions that come before the load profile's first arrival. Raises ScenarioError."""
        for action in self._actions[profile.name]:
            if action.at_s <= 0:
                action.do()

    def go_on(self, profile: LoadProfile) -> None:
        """Give all other timed actions, each at its instant. Raises ScenarioError."""
        for action in self._actions[profile.name]:
            if action.at_s > 0:
                self._timetable.sleep_until(profile, action.at_s)
                action.do()
                self._tallies[profile.name].note_action(self._timetable.elapsed_s(profile, action.at_s))
                self._on_action()
