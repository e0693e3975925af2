"""What of a verdict says nothing, since the rule is wrong at the speed of the run, and was left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alertdrill.core.verdict import Verdict
from alertdrill.judging.findings import put_in_doubt


def doubt_unfit(verdict: Verdict, unfit: Mapping[str, str], speed: float) -> Verdict:
    """Return a verdict with a doubt for each finding of an alert that is right at speed 1 only.

    `unfit` says why, by the alert's name. That such an alert was not seen at another speed is no silence.
    """
    if speed == 1:
        return verdict
    return replace(
        verdict,
        findings=tuple(
            put_in_doubt(finding, say_unfit(finding.alert, unfit[finding.alert], speed))
            if finding.alert in unfit
            else finding
            for finding in verdict.findings
        ),
    )


def say_unfit(alert: str, why: str, speed: float) -> str:
    """Say why nothing can be told of an alert."""
    return f"{alert} is right at speed 1 only, and this run had {speed:g}: {why}"
