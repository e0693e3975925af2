"""Files of drills as collectors, and drills as items."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alertdrill.errors import AlertdrillError
from alertdrill.pytest_plugin.keys import UNOBSERVED, YAML
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
READ_BYTES = 1024 * 1024
"""So much of a file is looked at for its drills."""
NOT_FOR_SYSTEMS = frozenset(
    {"alertdrill", "filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}
)
"""Markers that mean something, so that no system of such a name is one."""

_DRILLS = re.compile(rb"^[\"']?drills[\"']?\s*:", re.MULTILINE)
_MARKER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def is_drill_file(path: Path, places: Iterable[Path]) -> bool:
    """Say whether a YAML file has drills of a project whose drills are in these files and folders.

    A file in such a folder is one, as it is for `alertdrill run`; further down, one that states drills.
    """
    own = Path(os.path.realpath(path))
    for stated in places:
        place = Path(os.path.realpath(stated))
        if own == place:
            return True
        if own.suffix not in YAML or own.name[0] == ".":
            continue
        if own.parent == place or (own.is_relative_to(place) and states_drills(path)):
            return True
    return False


def states_drills(path: Path) -> bool:
    """Say whether a YAML file has a list of drills at its top."""
    try:
        with path.open("rb") as stream:
            return path.suffix in YAML and _DRILLS.search(stream.read(READ_BYTES)) is not None
    except OSError:
        return False


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


class _Judged(pytest.Item):
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
        record = self.drills.hold_selected()
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
        return self.path, self.line - 1, self.nodeid


class DrillItem(_Judged):
    """A drill: met, or not met, or nobody can tell."""

    def __init__(self, *, drill: Drill, line: int, **others: Any) -> None:
        super().__init__(**others)
        self.drill = drill
        self.line = line
        system = drill.system
        if _MARKER.fullmatch(system) and system not in NOT_FOR_SYSTEMS:
            self.config.addinivalue_line("markers", f"{system}: drills of {system}")
            self.add_marker(system)

    def find(self, record: RunRecord) -> Verdict | None:
        """Return the drill's verdict."""
        return find_verdict(record, self.name)

    def explain(self, record: RunRecord, verdict: Verdict) -> str:
        """Add why it is drilled, and where that is written."""
        return f"{explain(record, verdict)}\nWhy it is drilled: {self.drill.why}"


class UnexpectedItem(_Judged):
    """Alerts that fired while drills were held, and that none of them expects."""

    def find(self, record: RunRecord) -> Verdict | None:
        """Return the verdict on them, if there are any."""
        return find_unexpected_verdict(record)
