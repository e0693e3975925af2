"""Doubt a verdict that hangs on where, within their interval, scrapes and evaluations stood in a run.

Each group is evaluated at a place of its own, and so is each target scraped. Near a threshold, one sample
more or less in a window decides, and that can be one whose scrape is late by milliseconds of wall time. So
what is unmet is judged again on the run's recording, with each scrape in its place and evaluations half-way
between; where it is met then, chance decided, and not the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alertdrill.core.drill import Placement
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.judging.findings import put_in_doubt
from alertdrill.recording.recording import Recording
from alertdrill.rules.files import RuleFile
from alertdrill.runner.golden.cutting import put_on_grid
from alertdrill.runner.golden.gate import judge_recording
from alertdrill.runner.rulebook import choose_series, split_files

DOUBT = (
    "it hangs on where scrapes and evaluations stood to each other: with each scrape in its place and "
    "evaluations half-way between, the run's recording does as expected"
)
_Identity = tuple[str, tuple[tuple[str, str], ...], bool]


def doubt_by_phase(
    verdicts: Sequence[Verdict],
    placements: Sequence[Placement],
    recording: Recording,
    files: Sequence[RuleFile],
    promtool: Path,
) -> tuple[Verdict, ...]:
    """Return the verdicts with a doubt wherever something unmet is met on the recording, put on a grid.

    What pages did, no recording has, so what needs them is not met on one. Where it cannot be put on a grid
    or replayed, verdicts stay as they are.
    """
    blamed = [finding for verdict in verdicts for finding in verdict.findings if _is_of_rules(finding)]
    if not blamed:
        return tuple(verdicts)
    names = {finding.alert for finding in blamed}
    concerned = {verdict.drill for verdict in verdicts if any(map(_is_of_rules, verdict.findings))}
    drills = [place.drill for place in placements if place.drill.name in concerned]
    again: set[_Identity] = set()
    for part in split_files(files):
        own = {rule.name for file in part for rule in file.alerts}
        if not own & names:
            continue
        try:
            on_grid = put_on_grid(choose_series(recording, part))
            judged = judge_recording(on_grid, placements, drills, part, promtool, 0.0).verdicts
        except (BadInput, CouldNotTell):
            return tuple(verdicts)
        again |= {_identify(one) for verdict in judged for one in verdict.findings if one.outcome != "met"}
    return tuple(
        replace(
            verdict,
            findings=tuple(
                put_in_doubt(finding, DOUBT)
                if _is_of_rules(finding) and _identify(finding) not in again
                else finding
                for finding in verdict.findings
            ),
        )
        for verdict in verdicts
    )


def _is_of_rules(finding: Finding) -> bool:
    """Tell whether a finding is that a rule did what it should not, and not that a page did."""
    return finding.is_unmet and finding.broke_at not in {"paged", "page_resolved"}


def _identify(finding: Finding) -> _Identity:
    return finding.alert, tuple(sorted(finding.labels.items())), finding.expectation is None
