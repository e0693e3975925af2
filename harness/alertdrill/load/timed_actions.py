"""Gives the cues of acts: what the scripts do at certain instants, and what the providers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alertdrill.load.keys import Keyring
from alertdrill.load.plan import Act
from alertdrill.load.provider_controls import Controls
from alertdrill.load.script import Cue, Script
from alertdrill.load.timetable import Timetable


class Prompter:
    """The cues of all acts of a timetable, each given once. `on_cue` is called after each that came later."""

    def __init__(
        self,
        timetable: Timetable,
        scripts: Mapping[str, Script],
        *,
        keyring: Keyring,
        controls: Controls,
        on_cue: Callable[[], None] = lambda: None,
    ) -> None:
        self._timetable = timetable
        self._on_cue = on_cue
        self._cues: dict[str, list[Cue]] = {}
        for act in timetable.plan.acts:
            tells = [Cue(at_s=tell.at_s, act=lambda tell=tell: controls.tell(tell)) for tell in act.tells]
            cues = [*scripts[act.name].cues(keyring), *tells]
            self._cues[act.name] = sorted(cues, key=lambda cue: cue.at_s)

    def open(self, act: Act) -> None:
        """Give the cues that come before the act's first arrival. Raises ScenarioError."""
        for cue in self._cues[act.name]:
            if cue.at_s <= 0:
                cue.act()

    def go_on(self, act: Act) -> None:
        """Give all other cues, each at its instant. Raises ScenarioError."""
        for cue in self._cues[act.name]:
            if cue.at_s > 0:
                self._timetable.sleep_until(act, cue.at_s)
                cue.act()
                self._on_cue()
