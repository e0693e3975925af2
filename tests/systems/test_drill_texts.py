"""Every drill as text, kept in `drills/`, so that whoever reads a change sees what it does to the drills."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.whole_runs import CommandLine

from alertdrill.reports.drill_text import WIDTH, write_drill
from alertdrill.systems import find_own
from alertdrill.systems.catalogue import list_drills, override_values

FOLDER = Path(__file__).parent / "drills"
RENEW = "RENEW"
"""The variable of the environment with which the texts are written anew instead of compared."""
DRILLS = list_drills(override_values((), find_own()), find_own())


@pytest.mark.parametrize("system", [system.name for system in find_own()])
def test_the_drills_are_what_they_were(system: str) -> None:
    """A change of a drill is a change of its text, and is made on purpose."""
    path = FOLDER / f"{system}.txt"
    text = "\n".join(write_drill(drill) for drill in DRILLS if drill.system == system)
    if os.environ.get(RENEW):
        path.write_text(text)
    renews = f"{RENEW}=1 .venv/bin/pytest tests/systems/test_drill_texts.py"
    assert path.read_text() == text, f"what a drill does has changed; if it shall, `{renews}` writes {path}"


def test_every_file_is_of_a_system() -> None:
    """What is kept is compared."""
    assert {path.stem for path in FOLDER.iterdir()} == {system.name for system in find_own()}


def test_texts_fit_a_terminal() -> None:
    """They are as wide as they say, but for a word that is wider by itself."""
    lines = [line for drill in DRILLS for line in write_drill(drill).splitlines()]
    assert max(len(line) for line in lines if len(line.split()) > 1) <= WIDTH


def test_a_drill_is_shown(alertdrill: CommandLine) -> None:
    """`alertdrill list DRILL` prints the text of one."""
    (drill,) = (drill for drill in DRILLS if drill.name == "metis-auth-fires")
    shown = alertdrill.run_here("list", "metis-auth-fires")
    assert (shown.code, shown.out, shown.err) == (0, write_drill(drill), "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("metis-nonsense",), "there is no drill 'metis-nonsense'"),
        (("metis-quiet", "--json"), "a drill's timeline is text"),
        (("metis-quiet", "--coverage"), "a drill's timeline is text"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    alertdrill: CommandLine, arguments: tuple[str, ...], says: str
) -> None:
    """It is one sentence."""
    refused = alertdrill.run_here("list", *arguments)
    assert (refused.code, says in refused.err, refused.err.count("\n")) == (2, True, 1)
