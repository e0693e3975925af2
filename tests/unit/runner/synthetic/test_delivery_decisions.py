"""Tests of what counters prove: delivered, not delivered, or nothing."""

from __future__ import annotations

import pytest

from alertdrill.runner.synthetic.counters import Counts
from alertdrill.runner.synthetic.decide import Decision, Rivals, decide

SLACK = ("slack", "")
NOBODY = Rivals(groups={}, hidden=0)
OTHERS = Rivals(groups={SLACK: 2}, hidden=0)
ENDING = Rivals(groups={}, hidden=1)
ELSEWHERE = Rivals(groups={("webhook", ""): 5}, hidden=0)


def counts(*, started: float = 0, attempts: float = 0, refused: float = 0, given_up: float = 0) -> Counts:
    """Return counts of one outlet."""
    return Counts(started=started, attempts=attempts, refused=refused, given_up=given_up)


def ask(
    counted: Counts, rivals: Rivals = NOBODY, *, wanted: int = 1, begun: bool = False, over: bool = False
) -> Decision | None:
    """Decide on Slack."""
    return decide(SLACK, wanted, counted, rivals, is_begin_over=begun or over, is_over=over)


@pytest.mark.parametrize("rivals", [NOBODY, ELSEWHERE])
def test_what_was_taken_while_nobody_else_was_there_is_ours(rivals: Rivals) -> None:
    """Others that are notified by other integrations do not matter."""
    decision = ask(counts(started=1, attempts=3, refused=2), rivals)
    assert decision == Decision(outcome="delivered", evidence="slack took 1 notification")


@pytest.mark.parametrize("rivals", [OTHERS, ENDING])
def test_what_was_taken_while_others_were_there_may_be_theirs(rivals: Rivals) -> None:
    """Others are groups of other alerts, and groups that are about to be told of their end."""
    decision = ask(counts(started=1, attempts=1), rivals)
    assert decision is not None
    assert decision.outcome == "could not tell"
    assert "may have been notified" in decision.evidence


def test_more_than_was_to_be_expected_proves_nothing() -> None:
    """Somebody else was notified who was not seen."""
    decision = ask(counts(started=2, attempts=2))
    assert decision is not None
    assert decision.outcome == "could not tell"
    assert "2 notifications where 1 was to be expected" in decision.evidence


@pytest.mark.parametrize("rivals", [NOBODY, OTHERS])
def test_if_nothing_was_begun_ours_was_not(rivals: Rivals) -> None:
    """Whoever else is there."""
    assert ask(counts(), rivals) is None
    decision = ask(counts(), rivals, begun=True)
    assert decision is not None
    assert decision.outcome == "not delivered"


def test_what_was_begun_is_waited_for() -> None:
    """Alertmanager tries again for a whole group interval."""
    assert ask(counts(started=1, attempts=2, refused=2), begun=True) is None
    decision = ask(counts(started=1, attempts=2, refused=2), over=True)
    assert decision is not None
    assert decision.outcome == "not delivered"
    assert "slack refused 2 of 2 attempts" in decision.evidence


def test_what_was_given_up_has_failed_at_once() -> None:
    """With the reason that Alertmanager gives."""
    counted = Counts(started=1, attempts=1, refused=1, given_up=1, reasons={"clientError": 1})
    decision = ask(counted)
    assert decision is not None
    assert decision.outcome == "not delivered"
    assert "(clientError)" in decision.evidence


def test_a_failure_may_be_somebody_elses() -> None:
    """It is waited for ours, and in the end nothing is known."""
    counted = counts(started=1, attempts=1, refused=1, given_up=1)
    assert ask(counted, OTHERS) is None
    decision = ask(counted, OTHERS, over=True)
    assert decision is not None
    assert decision.outcome == "could not tell"


def test_every_notification_of_an_outlet_must_arrive() -> None:
    """Two receivers of one kind, counted together: one of two is not enough."""
    assert ask(counts(started=2, attempts=2, refused=1), wanted=2) is None
    decision = ask(counts(started=2, attempts=3, refused=1), wanted=2)
    assert decision is not None
    assert decision.outcome == "delivered"
