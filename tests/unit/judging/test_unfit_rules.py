"""What of a verdict says nothing at the speed of the run."""

from __future__ import annotations

import pytest

from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.unfit_rules import doubt_unfit


def make_verdict(*alerts: str) -> Verdict:
    """Return a verdict by which each alert did as expected."""
    return Verdict(
        drill="d",
        findings=tuple(
            Finding(outcome="met", alert=alert, labels={}, expectation=None, observed={}, evidence="")
            for alert in alerts
        ),
    )


def test_an_alert_that_was_not_evaluated_was_not_silent() -> None:
    """Only its own finding is doubted, with the reason and the speed."""
    verdict = doubt_unfit(make_verdict("Busy", "Failing"), {"Busy": "calls are under way"}, 12)
    assert [finding.outcome for finding in verdict.findings] == ["unobserved", "met"]
    assert verdict.outcome == "unobserved"
    assert verdict.doubts == ("Busy is right at speed 1 only, and this run had 12: calls are under way",)


@pytest.mark.parametrize(("unfit", "speed"), [({}, 12), ({"Busy": "it is under way"}, 1)])
def test_what_is_right_keeps_its_verdict(unfit: dict[str, str], speed: float) -> None:
    """At speed 1 every rule is right."""
    verdict = make_verdict("Busy")
    assert doubt_unfit(verdict, unfit, speed) == verdict
