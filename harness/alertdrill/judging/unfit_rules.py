"""What of a verdict says nothing, since the rule is wrong at the speed of the run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alertdrill.core.verdict import Verdict
from alertdrill.judging.findings import put_in_doubt


def doubt_unfit(verdict: Verdict, unfit: Mapping[str, str], speed: float) -> Verdict:
    """Return a verdict with a doubt for each finding of an alert that is right at speed 1 only.

    `unfit` says why, by the alert's name.
    """
    return replace(
        verdict,
        findings=tuple(
            put_in_doubt(finding, _say(finding.alert, unfit[finding.alert], speed))
            if finding.alert in unfit
            else finding
            for finding in verdict.findings
        ),
    )


def _say(alert: str, why: str, speed: float) -> str:
    return f"{alert} is right at speed 1 only, and this run had {speed:g}: {why}"
