"""Tests of which findings are doubted, and in which words: stalls, and what became of a drill's own calls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.stall_worlds import FIRES_S, RECEIVER, make_drill, make_good, make_timeline

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, Outage, Placement
from alertdrill.core.timeline import Stall, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.judging.could_not_tell import Calls, Evidence, leave_out_outages, say_stalls, weigh
from alertdrill.judging.dependence import find_providers
from alertdrill.judging.judge import judge, select_for_drill
from alertdrill.judging.needs import MOVED, STARTING

PROVIDERS = ("openai", "anthropic", "ollama")
GOOD_CALLS = Calls(planned=100, lost=0, lateness_s=0.5, slowest_s=(1.2, 1.0))
EVIDENCE = Evidence(stalls=(), calls={}, reaches_s={"Slow": 360.0}, providers=PROVIDERS)
START_S = 300.0
LATE_PAGE = make_timeline((FIRES_S, 1100.0), (900.0, 1140.0))
SLOW = replace(make_drill("near miss"), calls_within_s=2.0)
FIRED = make_timeline((600.0, 700.0), (635.0, 740.0))


def weigh_one(drill: Drill, timeline: Timeline, evidence: Evidence, start_s: float = START_S) -> Verdict:
    """Judge a drill that is held from an instant on, and weigh the verdict; `timeline` is in its own time."""
    placement = Placement(drill=drill, start_s=0.0)
    verdict = judge(drill, select_for_drill(placement, [placement], timeline))
    (weighed,) = weigh([verdict], [replace(placement, start_s=start_s)], evidence)
    return weighed


def weigh_calls(drill: Drill, timeline: Timeline, **changed: object) -> Verdict:
    """Weigh a drill by what became of its calls."""
    calls = {"calls": replace(GOOD_CALLS, **changed)}  # type: ignore[arg-type]  # fields of it
    return weigh_one(drill, timeline, replace(EVIDENCE, calls=calls))


def test_a_doubt_says_who_was_silent_and_what_cannot_be_told() -> None:
    """The sentence has the part, from when to when in the drill's time, and the question that is open."""
    stalls = (Stall(part="alertmanager", from_s=START_S + 480, until_s=START_S + 780),)
    (finding,) = weigh_one(make_drill("fires"), LATE_PAGE, replace(EVIDENCE, stalls=stalls)).findings
    assert finding.doubt == (
        "Alertmanager answered nothing from 8:00 to 13:00; "
        "whether the page would have come in time is unknown"
    )
    assert (finding.outcome, finding.broke_at) == ("unobserved", None)
    assert finding.evidence == f"fired at 8:20, but {RECEIVER} was paged only at 15:00"


@pytest.mark.parametrize(
    ("lost", "speed", "said"),
    [
        (7, 8.0, ", though 93 of 100 calls were answered: at a lower --speed than 8 it has less to do"),
        (7, 1.0, ", though 93 of 100 calls were answered"),
        (60, 8.0, ""),
    ],
)
def test_a_gateway_that_answers_calls_is_not_said_to_answer_nothing(
    lost: int, speed: float, said: str
) -> None:
    """What it was asked is said; one that answers calls all the while is too busy, perhaps for the speed."""
    stalls = (Stall(part="gateway", from_s=START_S + 100, until_s=START_S + 880),)
    calls = {"other": replace(GOOD_CALLS, lost=lost)}
    evidence = replace(EVIDENCE, stalls=stalls, calls=calls, asked={"gateway": "GET /ready"}, speed=speed)
    (finding,) = weigh_one(make_drill("fires"), LATE_PAGE, evidence).findings
    assert finding.doubt is not None
    assert finding.doubt.startswith(
        f"the gateway did not answer GET /ready from 1:40 to 14:40{said}; whether"
    )


def test_scrapes_that_are_missing_are_said_with_what_was_asked() -> None:
    """Where that is known."""
    stall = Stall(part="scrapes:own", from_s=100, until_s=880)
    assert say_stalls([stall]) == "Prometheus got no samples of own from 1:40 to 14:40"
    assert say_stalls([stall], {"scrapes:own": "GET /metrics/"}) == (
        "Prometheus got no samples of own by GET /metrics/ from 1:40 to 14:40"
    )


def test_a_doubt_of_stalls_that_add_up_says_for_how_long_who_was_silent_together() -> None:
    """Each part once, in order, and what overlaps counts once; one that is too long alone is said alone."""
    stalls = (
        Stall(part="alertmanager", from_s=480, until_s=488),
        Stall(part="pager", from_s=485, until_s=493),
        Stall(part="prometheus", from_s=520, until_s=528),
        Stall(part="alertmanager", from_s=540, until_s=544),
    )
    said = "; whether the page would have come in time is unknown"
    (finding,) = weigh_one(make_drill("fires"), LATE_PAGE, replace(EVIDENCE, stalls=stalls), 0.0).findings
    together = (
        "Alertmanager, the pager and Prometheus answered nothing for 25 s from 8:00 to 9:04, in 4 stalls"
    )
    assert finding.doubt == together + said
    long = Stall(part="pager", from_s=500, until_s=516)
    (finding,) = weigh_one(
        make_drill("fires"), LATE_PAGE, replace(EVIDENCE, stalls=(*stalls, long)), 0.0
    ).findings
    assert finding.doubt == "the pager answered nothing from 8:20 to 8:36" + said


def test_a_part_that_started_again_slowly_is_heeded_only_where_something_came_otherwise() -> None:
    """An outage that was over late may be why a page was late; what came as expected owes it nothing."""
    stalls = (Stall(part=f"{STARTING}alertmanager", from_s=480, until_s=530),)
    evidence = replace(EVIDENCE, stalls=stalls)
    (finding,) = weigh_one(make_drill("fires"), LATE_PAGE, evidence, 0.0).findings
    assert finding.doubt == (
        "Alertmanager, as it started again, answered nothing from 8:00 to 8:50; "
        "whether the page would have come in time is unknown"
    )
    assert weigh_one(make_drill("fires"), make_good("fires"), evidence, 0.0).outcome == "met"


@pytest.mark.parametrize(("late_s", "doubted"), [(4.0, False), (6.0, True)])
def test_a_gateway_that_was_let_go_on_late_may_be_why_a_near_miss_fired(late_s: float, doubted: bool) -> None:
    """Its pause was longer than the drill said: the rule is not blamed for what came of that."""
    evidence = replace(EVIDENCE, stalls=(Stall(part=f"{MOVED}gateway", from_s=500, until_s=500 + late_s),))
    (finding,) = weigh_one(make_drill("near miss"), FIRED, evidence, 0.0).findings
    said = (
        "the gateway was to go, or to come back, at 8:20, and did at 8:26; "
        "whether it would have stayed silent is unknown"
    )
    assert finding.doubt == (said if doubted else "")
    assert (finding.outcome == "unexpected") != doubted
    assert weigh_one(make_drill("near miss"), make_good("near miss"), evidence, 0.0).outcome == "met"


def test_missed_scrapes_are_said_alone_and_among_stalls() -> None:
    """What was missed is said with its own span; together with others, all are named."""
    missed = Stall(part="scrapes:metis", from_s=450, until_s=465)
    assert say_stalls([missed]) == "Prometheus got no samples of metis from 7:30 to 7:45"
    assert say_stalls([missed, Stall(part="gateway", from_s=470, until_s=480)]) == (
        "the scrape target of metis and the gateway answered nothing for 25 s from 7:30 to 8:00, in 2 stalls"
    )


@pytest.mark.parametrize(
    ("from_s", "until_s", "is_doubted"),
    [(480, 780, True), (280, 310, False), (330, 360, True), (685, 900, False), (500, 508, False)],
    ids=["just then", "long before", "shortly before", "after the deadline", "too short"],
)
def test_a_late_page_is_doubted_for_what_could_hold_it_up(
    from_s: float, until_s: float, is_doubted: bool
) -> None:
    """A stall that was over long before, that began after the deadline, or was a moment, is not to blame."""
    stalls = (Stall(part="pager", from_s=from_s, until_s=until_s),)
    verdict = weigh_one(make_drill("fires"), LATE_PAGE, replace(EVIDENCE, stalls=stalls), start_s=0.0)
    assert bool(verdict.doubts) == is_doubted
    assert verdict.outcome == ("unobserved" if is_doubted else "unmet")


def test_only_who_depends_on_a_part_is_doubted() -> None:
    """Of two drills of one run, the stall of a provider concerns the one that calls it."""
    other = replace(make_drill("near miss"), name="other", traffic=())
    drills = [make_drill("near miss"), other]
    placements = [Placement(drill=drill, start_s=0.0) for drill in drills]
    verdicts = [judge(drill, FIRED) for drill in drills]
    stalls = (Stall(part="provider-anthropic", from_s=400.0, until_s=580.0),)
    weighed = weigh(verdicts, placements, replace(EVIDENCE, stalls=stalls))
    assert [verdict.outcome for verdict in weighed] == ["unobserved", "unmet"]


def test_what_a_drill_did_to_a_part_is_no_stall() -> None:
    """Only what lasted beyond the outage, or befell another part, is left."""
    out = Stall(part="pager", from_s=100, until_s=200)
    silent = [
        Stall(part="pager", from_s=110, until_s=190),
        Stall(part="pager", from_s=90, until_s=230),
        Stall(part="gateway", from_s=110, until_s=190),
    ]
    assert leave_out_outages(silent, [out]) == (
        Stall(part="pager", from_s=90, until_s=100),
        Stall(part="gateway", from_s=110, until_s=190),
        Stall(part="pager", from_s=200, until_s=230),
    )


def test_a_page_that_had_to_stay_away_needs_time_in_which_it_could_come() -> None:
    """A stall that leaves three minutes of firing proves as much as none; one that leaves less does not."""
    for until_s, is_doubted in ((915.0, False), (930.0, True)):
        stalls = (Stall(part="alertmanager", from_s=FIRES_S - 10, until_s=until_s),)
        evidence = replace(EVIDENCE, stalls=stalls)
        verdict = weigh_one(make_drill("inhibited"), make_good("inhibited"), evidence, start_s=0.0)
        assert bool(verdict.doubts) == is_doubted, until_s


@pytest.mark.parametrize(
    ("options", "changes", "called"),
    [
        ({"models": ["openai:gpt-4o"]}, (), {"openai"}),
        ({}, (), set()),
        ({"models": ["summarizer"]}, (("ollama", {}),), {"ollama"}),
        ({"models": ["auto"]}, (), set(PROVIDERS)),
        ({"models": ["openai:gpt-4o"]}, (("openai", {"errors": {"class": "timeout"}}),), set(PROVIDERS)),
        ({"models": ["openai:gpt-4o"]}, (("openai", {"listening": False}),), set(PROVIDERS)),
        ({"models": ["openai:gpt-4o"]}, (("openai", {"limits": {"requests": 1}}),), set(PROVIDERS)),
    ],
    ids=["named", "none", "told", "any", "others in its stead", "closed", "limited"],
)
def test_providers_are_those_that_may_be_asked(
    options: dict[str, list[str]], changes: tuple[tuple[str, dict[str, object]], ...], called: set[str]
) -> None:
    """A model names its provider or is told about; where one fails, any other may be asked instead."""
    profile = LoadProfile(
        name="a",
        scenario="steady",
        start_s=0,
        stages=(),
        options=options,
        changes=tuple(
            BehaviourChange(at_s=0, provider=name, behaviour=behaviour) for name, behaviour in changes
        ),
    )
    assert find_providers([profile], PROVIDERS) == {f"provider-{name}" for name in called}


def test_calls_that_nobody_answered_are_the_harness_s_fault() -> None:
    """A client that cannot send (no descriptor, no port) blames no rule, and says how much was lost."""
    (doubt,) = weigh_calls(make_drill("near miss"), make_timeline(()), lost=100).doubts
    assert doubt == (
        "100 of 100 calls of near miss were not sent or got no answer, and no rule sees what is not sent: "
        "locust.log says why"
    )
    assert weigh_calls(make_drill("near miss"), make_good("near miss"), lost=1).outcome == "met"
    assert weigh_calls(make_drill("near miss"), FIRED, lost=1).doubts != ()


def test_calls_that_a_gateway_cannot_answer_because_it_is_out_are_no_doubt() -> None:
    """A drill that takes the gateway away loses calls on purpose."""
    outage = Outage(part="gateway", at_s=100, for_s=60, how="kill")
    assert weigh_calls(replace(SLOW, outages=(outage,)), FIRED, lost=40).outcome == "unmet"


def test_a_call_that_was_sent_late_is_a_doubt_of_what_is_unmet() -> None:
    """Arrivals that come all at once make a rule fire that would have stayed silent."""
    assert weigh_calls(make_drill("near miss"), FIRED, lateness_s=30.0).doubts == (
        "a call of near miss was sent 30 s late (bound 9 s)",
    )
    assert weigh_calls(make_drill("near miss"), make_good("near miss"), lateness_s=30.0).outcome == "met"
    assert weigh_calls(make_drill("near miss"), FIRED, lateness_s=8.0).outcome == "unmet"


def test_a_provider_that_was_told_late_is_a_doubt_of_what_is_unmet() -> None:
    """Which call "the next call fails" fails hangs on what comes between: one that left was to fail."""
    assert weigh_calls(make_drill("near miss"), FIRED, action_lateness_s=5.7).doubts == (
        "what near miss does at an instant, as telling a provider to fail, was done 5.7 s late (bound 3 s): "
        "other calls than were meant may have met it",
    )
    assert (
        weigh_calls(make_drill("near miss"), make_good("near miss"), action_lateness_s=5.7).outcome == "met"
    )
    assert weigh_calls(make_drill("near miss"), FIRED, action_lateness_s=2.0).outcome == "unmet"


def test_an_unmet_drill_whose_calls_were_slow_is_doubted() -> None:
    """The sentence names the drill, how slow several of its calls were, and the bound."""
    (said,) = weigh_calls(SLOW, FIRED, slowest_s=(2.9, 2.3, 0.6)).doubts
    assert said == (
        "gateway and client made calls of near miss, which was not met, take 2.3 s of rule time and more "
        "(bound 2 s)"
    )


def test_slow_calls_of_all_profiles_of_a_drill_count() -> None:
    """One slow call of each of two load profiles are two."""
    two = replace(SLOW, traffic=tuple(replace(SLOW.traffic[0], name=name) for name in ("one", "other")))
    calls = {name: replace(GOOD_CALLS, slowest_s=(s,)) for name, s in (("one", 2.9), ("other", 2.1))}
    assert len(weigh_one(two, FIRED, replace(EVIDENCE, calls=calls)).doubts) == 1


@pytest.mark.parametrize(
    "slowest_s",
    [(), (2.0, 2.0), (2.9, 2.0), (2.9,)],
    ids=["none sent", "in time", "one late", "only one"],
)
def test_an_unmet_drill_whose_calls_were_in_time_is_unmet(slowest_s: tuple[float, ...]) -> None:
    """One slow call is not to blame."""
    assert weigh_calls(SLOW, FIRED, slowest_s=slowest_s).outcome == "unmet"


def test_slow_calls_of_others_are_not_to_blame() -> None:
    """The probe's and other drills' calls say nothing of this drill's."""
    calls = {"probe": replace(GOOD_CALLS, slowest_s=(40.0, 39.0))}
    assert weigh_one(SLOW, FIRED, replace(EVIDENCE, calls=calls)).outcome == "unmet"


def test_a_drill_that_bears_slow_calls_is_not_doubted_for_them() -> None:
    """Without a bound of its own, the run's decides."""
    assert weigh_calls(replace(SLOW, calls_within_s=None), FIRED, slowest_s=(40.0, 39.0)).outcome == "unmet"


REFUSED = replace(GOOD_CALLS, unwelcome=100, answers="401: 100")
QUIET = Drill(
    name="near miss", system="own", traffic=make_drill("near miss").traffic, expects=(), why="", lasts_s=900
)


def test_calls_that_were_all_refused_prove_nothing() -> None:
    """Nothing fired, for no call got through: the key is wrong. One that got through is enough."""
    silent = make_timeline(())
    evidence = replace(EVIDENCE, calls={"calls": REFUSED})
    assert weigh_one(QUIET, silent, evidence).doubts == (
        "not one call of near miss was answered as its scenario wants (401: 100), and nothing that the drill "
        "does makes them fail: see whether key, model and address are right",
    )
    one_well = replace(EVIDENCE, calls={"calls": replace(REFUSED, unwelcome=99)})
    assert weigh_one(QUIET, silent, one_well).outcome == "met"


@pytest.mark.parametrize("behaviour", [{"errors": {"class": "auth", "share": 1}}, {"listening": False}])
def test_calls_that_the_drill_makes_fail_are_no_surprise(behaviour: dict[str, object]) -> None:
    """A provider that is told to fail, or is away."""
    change = BehaviourChange(at_s=0, provider="openai", behaviour=behaviour)
    traffic = tuple(replace(profile, changes=(change,)) for profile in QUIET.traffic)
    evidence = replace(EVIDENCE, calls={"calls": REFUSED})
    assert weigh_one(replace(QUIET, traffic=traffic), make_timeline(()), evidence).outcome == "met"


@pytest.mark.parametrize(("at_s", "is_doubted"), [(300.0, True), (1.0, False)])
def test_calls_that_were_refused_before_the_drill_made_any_fail_prove_nothing(
    at_s: float, *, is_doubted: bool
) -> None:
    """A fault explains what was refused since; what fired then is no verdict on its rule."""
    change = BehaviourChange(
        at_s=at_s, provider="openai", behaviour={"errors": {"class": "auth", "share": 1}}
    )
    drill = make_drill("near miss")
    drill = replace(drill, traffic=tuple(replace(profile, changes=(change,)) for profile in drill.traffic))
    weighed = weigh_one(drill, FIRED, replace(EVIDENCE, calls={"calls": REFUSED}))
    assert (
        "not even before 5:00, when the drill first makes calls fail" in "".join(weighed.doubts)
    ) is is_doubted
    assert weighed.outcome == ("unobserved" if is_doubted else "unmet")


def test_a_gateway_that_is_slow_at_a_speed_is_not_the_rules_fault() -> None:
    """Two calls of an unmet drill took longer than they can for the providers; met ones are not asked."""
    drill = make_drill("near miss")
    slow = replace(
        EVIDENCE,
        calls={"calls": replace(GOOD_CALLS, slowest_s=(40.0, 30.0))},
        calls_within_s={drill.name: 20.0},
    )
    assert "take 30 s of rule time and more (bound 20 s)" in "".join(weigh_one(drill, FIRED, slow).doubts)
    one_slow = replace(slow, calls={"calls": replace(GOOD_CALLS, slowest_s=(40.0, 3.0))})
    assert not weigh_one(drill, FIRED, one_slow).doubts
