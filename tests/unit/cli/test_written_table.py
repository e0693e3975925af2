"""docs/reference/reliability.md and the tests of what is written say the same."""

from __future__ import annotations

import re
from pathlib import Path

UNIT = Path(__file__).parents[1]
DOCUMENT = UNIT.parents[1] / "docs" / "reference" / "reliability.md"
TESTED = (
    "runtime/test_files.py",
    *(f"cli/test_{name}.py" for name in ("streams", "run_folder", "run_reports", "ended_early")),
)
BESIDE = {
    "test_a_lock_names_who_has_it",
    "test_a_stream_is_told_from_a_file",
    "test_an_output_that_failed_takes_the_rest",
    "test_a_run_that_ends_without_reports_leaves_the_old_one",
    "test_a_folder_is_made_and_nothing_of_ours_is_left_in_it",
    "test_a_report_that_cannot_be_written_leaves_the_old_run",
    "test_a_signal_waits_until_the_reports_are_in_their_places",
    "test_a_run_leaves_its_reports_and_its_history",
    "test_a_watched_run_says_where_and_concludes_the_page",
}
"""Tests of parts of what rows say."""


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    """A row whose test is gone is no promise, and a test without a row is a promise nobody reads."""
    (section,) = re.findall(
        r"^## What a command writes\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL
    )
    rows = set(re.findall(r"\| (test_\w+) \|$", section, re.MULTILINE))
    tests = {
        name for file in TESTED for name in re.findall(r"^def (test_\w+)", (UNIT / file).read_text(), re.M)
    }
    assert rows == tests - BESIDE
