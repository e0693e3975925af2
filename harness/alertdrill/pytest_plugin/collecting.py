"""Files of drills as collectors, and drills as items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alertdrill.errors import AlertdrillError, CouldNotTell
from alertdrill.pytest_plugin.keys import UNOBSERVED
from alertdrill.pytest_plugin.outcomes import (
    Unmet,
    check_told,
    check_trusted,
    explain,
    find_unexpected_verdict,
    find_verdict,
    represent,
    say_missed,
)

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

    from alertdrill.core.drill import Drill
    from alertdrill.core.verdict import Verdict
    from alertdrill.pytest_plugin.project_drills import ProjectDrills
    from alertdrill.reports import RunRecord

UNEXPECTED = "unexpected-alerts"
"""The item that fails for alerts that no drill expects."""
NOT_FOR_SYSTEMS = frozenset(
    {"alertdrill", "filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}
)
"""Markers that mean something, so that no system of such a name is one."""

_MARKER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class DrillFile(pytest.File):
    """A file of drills; `drills` is its project's, or why that cannot be read."""

    def __init__(self, *, drills: ProjectDrills | AlertdrillError, **others: Any) -> None:
        super().__init__(**others)
        self._drills = drills

    def collect(self) -> Iterator[DrillItem]:
        """Yield an item for each drill; raises BadInput with file and line for a mistake in the file."""
        if isinstance(self._drills, AlertdrillError):
            raise self._drills
        for drill, line in self._drills.read_file(self.path):
            yield DrillItem.from_parent(self, name=drill.name, drill=drill, line=line, drills=self._drills)

    def repr_failure(  # type: ignore[override] # a collector's takes no style
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """Say what is wrong, without a traceback."""
        if isinstance(excinfo.value, AlertdrillError):
            return represent(excinfo, self.path, 1)
        return super().repr_failure(excinfo)


class ProjectFile(pytest.File):
    """The project file, of which the item for unexpected alerts is."""

    def __init__(self, *, drills: ProjectDrills, **others: Any) -> None:
        super().__init__(**others)
        self._drills = drills

    def collect(self) -> Iterator[UnexpectedItem]:
        """Yield that item alone."""
        yield UnexpectedItem.from_parent(self, name=UNEXPECTED, drills=self._drills)


class Judged(pytest.Item):
    """What a run has a verdict on. It is an error that there is none, and a failure that it is not met."""

    line = 1

    def __init__(self, *, drills: ProjectDrills, **others: Any) -> None:
        super().__init__(**others)
        self.drills = drills
        self.add_marker(pytest.mark.alertdrill)

    def find(self, record: RunRecord) -> Verdict | None:
        """Return the verdict; None if there is none because all is well."""
        raise NotImplementedError

    def explain(self, record: RunRecord, verdict: Verdict) -> str:
        """Return all that is known of the verdict, as text."""
        return explain(record, verdict)

    def runtest(self) -> None:
        """Have the drills held, unless they have been. Raises Unmet, and CouldNotTell and BadInput.

        The latter two are reported as if they were raised in the setup of a test, which makes them errors.
        """
        run = self.drills.hold_selected()
        record = run.record
        if self.name in run.left_out:
            pytest.skip(f"it was left out: {run.left_out[self.name]}")
        verdict = self.find(record)
        if verdict is None:
            check_trusted(record)
            return
        text = self.explain(record, verdict)
        self.user_properties.append(("alertdrill_outcome", verdict.outcome))
        check_told(record, verdict, text)
        if verdict.outcome == "unmet":
            raise Unmet(say_missed(verdict), text)
        self.add_report_section("call", "alertdrill", text)
        self.stash[UNOBSERVED] = verdict.outcome == "unobserved"

    def repr_failure(  # type: ignore[override] # an Item's takes a style, which has no meaning here
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """Say what was seen instead of what was expected, without a traceback."""
        if isinstance(excinfo.value, Unmet | AlertdrillError):
            return represent(excinfo, self.path, self.line)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it is stated."""
        return self.path, self.line - 1, self.title

    @property
    def title(self) -> str:
        """What it is called above its failure."""
        return "unexpected alerts"


class DrillItem(Judged):
    """A drill: met, or not met, or nobody can tell."""

    def __init__(self, *, drill: Drill, line: int, **others: Any) -> None:
        super().__init__(**others)
        self.drill = drill
        self.line = line
        system = drill.system
        if _MARKER.fullmatch(system) and system not in NOT_FOR_SYSTEMS:
            self.config.addinivalue_line("markers", f"{system}: drills of {system}")
            self.add_marker(system)

    @property
    def title(self) -> str:
        """Its kind and name."""
        return f"drill {self.name}"

    def find(self, record: RunRecord) -> Verdict | None:
        """Return the drill's verdict."""
        return find_verdict(record, self.name)

    def explain(self, record: RunRecord, verdict: Verdict) -> str:
        """Add why it is drilled, and where that is written."""
        return f"{explain(record, verdict)}\nWhy it is drilled: {self.drill.why}"


class UnexpectedItem(Judged):
    """Alerts that fired while drills were held, and that none of them expects."""

    def find(self, record: RunRecord) -> Verdict | None:
        """Return the verdict on them, if there are any; raises CouldNotTell if nothing was judged."""
        if not record.placements:
            raise CouldNotTell("no drill was judged, so nobody can tell which alerts fired unexpectedly")
        return find_unexpected_verdict(record)
