"""Rules that are kept as written: blindness that is proved, false alarms, and whom neither concerns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule, Expectation
from alertdrill.core.rule import AS_WRITTEN
from alertdrill.core.timeline import Event, EventKind, Timeline
from alertdrill.judging.judge import find_unexpected, judge, select_for_drill

MODEL = {"model": "gpt-4.1"}
BLIND = BlindRule(alert="SlowAsWritten", labels=MODEL)
FIRES = Expectation(alert="Slow", labels=MODEL, fires_within_s=400, receiver="ticket", resolves_within_s=900)
FALSE_ALARM = replace(FIRES, alert="SlowAsWritten", receiver="unrouted")
HOPS: tuple[tuple[EventKind, float], ...] = (
    ("pending", 30),
    ("firing", 330),
    ("paged", 365),
    ("resolved", 800),
    ("page_resolved", 850),
)


def make_drill(*expects: Expectation | BlindRule, name: str = "drill") -> Drill:
    """Return a drill that lasts 1,200 s."""
    return Drill(name=name, system="metis", traffic=(), expects=expects, why="", lasts_s=1200)


def make_events(
    alert: str, *kinds: EventKind, model: str = "gpt-4.1", receiver: str = "ticket"
) -> list[Event]:
    """Return what an alert did; of a rule as written it has the edition's label, and no severity."""
    labels = {"model": model, **(AS_WRITTEN if alert.endswith("AsWritten") else {"severity": "warning"})}
    return [
        Event(
            at_s=at_s,
            kind=kind,
            alert=alert,
            labels=labels,
            receiver=receiver if kind.startswith("page") else None,
        )
        for kind, at_s in HOPS
        if not kinds or kind in kinds
    ]


def make_timeline(*events: Event) -> Timeline:
    """Return a timeline in which everything could be observed."""
    return Timeline(
        mode="embedded",
        speed=60,
        until_s=1300,
        observed=frozenset(kind for kind, _ in HOPS),
        events=tuple(events),
    )


def test_a_rule_that_does_nothing_is_blind():
    """A rule that is neither pending nor firing while its corrected one fires is proved blind."""
    verdict = judge(make_drill(FIRES, BLIND), make_timeline(*make_events("Slow")))
    assert [finding.outcome for finding in verdict.findings] == ["met", "met"]
    assert verdict.findings[1].evidence == "blind: never even pending"
    assert verdict.findings[1].expectation == BLIND


@pytest.mark.parametrize(("kind", "at_s"), HOPS)
def test_a_rule_that_does_anything_is_not_blind(kind, at_s):
    """Each thing that the rule does, if only pending, is found with its instant."""
    events = make_events("SlowAsWritten", kind, receiver="unrouted")
    (finding,) = judge(make_drill(BLIND), make_timeline(*events)).findings
    assert (finding.outcome, finding.observed) == ("unexpected", {kind: at_s})
    assert finding.evidence.startswith(kind)


def test_blindness_proves_nothing_without_its_expectation():
    """Beside an alert that should have fired and did not, the silence does not make the drill met."""
    assert judge(make_drill(FIRES, BLIND), make_timeline()).outcome == "unmet"


def test_another_label_value_does_not_break_the_silence():
    """The silence is about the labels that it names."""
    events = make_events("SlowAsWritten", model="gpt-4o")
    assert judge(make_drill(BLIND), make_timeline(*events)).outcome == "met"


def test_the_first_instant_of_each_kind_is_shown():
    """Of a rule that came and went several times, the finding has the first of each."""
    events = make_events("SlowAsWritten", "pending")
    again = [replace(event, at_s=900) for event in events]
    (finding,) = judge(make_drill(BLIND), make_timeline(*events, *again)).findings
    assert finding.observed == {"pending": 30}


def test_a_false_alarm_can_be_asked_for():
    """A rule as written that fires falsely meets an expectation; its page goes where no severity leads."""
    events = make_events("SlowAsWritten", receiver="unrouted")
    assert judge(make_drill(FALSE_ALARM), make_timeline(*events)).outcome == "met"


def test_what_rules_as_written_do_is_nobodys_alarm():
    """A rule as written that fires and that no drill names fails neither the run nor a quiet drill."""
    quiet = Placement(drill=make_drill(name="quiet"), start_s=0)
    timeline = make_timeline(*make_events("SlowAsWritten", receiver="unrouted"))
    assert find_unexpected((quiet,), timeline) is None
    assert judge(quiet.drill, select_for_drill(quiet, (quiet,), timeline)).outcome == "met"


def test_an_alarm_of_a_shipped_rule_still_fails_both():
    """The exemption is the edition's label, not the name."""
    quiet = Placement(drill=make_drill(name="quiet"), start_s=0)
    events = [replace(event, labels=MODEL) for event in make_events("SlowAsWritten")]
    unexpected = find_unexpected((quiet,), make_timeline(*events))
    assert unexpected is not None
    assert {finding.alert for finding in unexpected.findings} == {"SlowAsWritten"}
    assert judge(quiet.drill, select_for_drill(quiet, (quiet,), make_timeline(*events))).outcome == "unmet"


def test_a_silence_is_judged_on_its_own_drills_time():
    """What the rule did before its drill, or after, does not break the silence."""
    placement = Placement(drill=make_drill(BLIND), start_s=1000)
    events = make_events("SlowAsWritten", "pending", "firing", "resolved")
    late = [replace(event, at_s=event.at_s + 3000) for event in events]
    timeline = make_timeline(*events, *late)
    assert judge(placement.drill, select_for_drill(placement, (placement,), timeline)).outcome == "met"
    within = make_timeline(*(replace(event, at_s=event.at_s + 1000) for event in events))
    (finding,) = judge(placement.drill, select_for_drill(placement, (placement,), within)).findings
    assert finding.observed == {"pending": 30, "firing": 330, "resolved": 800}


def test_a_silence_begins_when_it_says():
    """What the rule did before `after_s` does not break the silence; what it does from then on does."""
    late = replace(BLIND, after_s=300)
    assert judge(make_drill(late), make_timeline(*make_events("SlowAsWritten", "pending"))).outcome == "met"
    (finding,) = judge(make_drill(late), make_timeline(*make_events("SlowAsWritten"))).findings
    assert (finding.outcome, "pending" in finding.observed) == ("unexpected", False)
