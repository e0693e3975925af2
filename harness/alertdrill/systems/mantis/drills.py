"""Mantis's drills: each alert on both its sides, and what three of its rules, as written, get wrong.

Each drill has a key, so a tenant, of its own, and all are held at the same time, but for two that share their
turn because refused runs are many. Times are seconds of rule time from the drill's start; intensities and
times follow the values. Those about rules as written stand on the numbers that these rules state.

What shapes the traffic: a tenant may start six runs a minute (ten at once) and have five in flight, as
`gateway/runs/policies.yml` says; a counter born at 1 shows no increase, so what must be seen from its
first increment on is primed by one run before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import BlindRule, Expectation, Expected, NearMiss
from alertdrill.errors import BadInput
from alertdrill.rules.values import Values
from alertdrill.systems.building import wording

FAILURE = "MantisHighFailureRate"
RATE = "MantisRateLimitChronic"
COST = "MantisCostBudgetSpike"
STUCK = "MantisStuckConcurrency"
AS_WRITTEN = "AsWritten"
RECEIVERS = {FAILURE: "mantis-page", RATE: "mantis-ticket", COST: "mantis-page", STUCK: "mantis-ticket"}
UNROUTED = "unrouted"

HEALTHY: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
STARTS_PER_S = 0.1
"""How many runs a tenant may start: what comes on top is refused."""
RUNS_PER_S = 0.08
"""Below that, so that none is refused."""
MOST_RUNS = 5
"""How many runs of a tenant may be in flight."""
STEP_S = 90.0
"""A slow step, well below the 120 s after which the gateway gives a call up."""
SLACK_S = 120.0
"""Between what is expected and its deadline: scrape, evaluation, and what this machine adds."""
PAGE_S = 300.0
"""After the last deadline, until the page has closed."""
MAX_STEP_TOKENS = 1_000_000
"""What a step may be asked for."""
DENIED_MODEL = "openai:gpt-4o"
CHEAP_MODEL = "openai:o1-mini"
STUCK_MODEL = "openai:o3-deep-research"
COST_MODEL, COST_USD_PER_TOKEN = "openai:gpt-5-pro", 120e-6
FIRST_RUN_MODEL, FIRST_RUN_USD_PER_TOKEN = "openai:o1-pro", 600e-6
QUEUE = frozenset({"mantis: refused runs"})

Stages = tuple[tuple[float, float], ...]
"""(seconds, requests per second) each."""


def _failing(**when: float) -> dict[str, Any]:
    """Return a behaviour that fails `every` n-th call or the `next` n."""
    return {**HEALTHY, "errors": {"class": "server_error", **when}}


def _profile(
    name: str, scenario: str, stages: Stages, *changes: BehaviourChange, part: str = "", **options: Any
) -> LoadProfile:
    """Return traffic under a key named like the drill; `part` tells a drill's load profiles apart."""
    return LoadProfile(
        name=name + part,
        scenario=scenario,
        start_s=0,
        stages=wording.list_stages(stages),
        changes=changes,
        options={"key": name, **options},
    )


def _run(
    name: str, model: str, stages: Stages, told: Mapping[float, Mapping[str, Any]], **options: Any
) -> LoadProfile:
    """Return runs of one model, and what its provider is told when."""
    changes = [wording.change(at_s, model, behaviour) for at_s, behaviour in {0: HEALTHY, **told}.items()]
    return _profile(name, "predict", stages, *changes, **{"models": [model], **options})


def _hold(name: str, runs: int, steps: int, *more: tuple[float, float]) -> LoadProfile:
    """Return `runs` runs of slow steps, started within seconds, and what is asked for after them."""
    told = wording.change(0, STUCK_MODEL, {"latency": {"kind": "constant", "s": STEP_S}})
    stages = ((30.0, 0.0), (2.0 * runs, 0.5), *more)
    return _profile(name, "stuck_runs", stages, told, models=[STUCK_MODEL], steps=steps)


def _spend(name: str, model: str, usd: float, usd_per_token: float, stages: Stages) -> LoadProfile:
    """Return runs that cost `usd` each; their prompt comes on top, and is a cent or so."""
    steps = math.ceil(usd / usd_per_token / MAX_STEP_TOKENS)
    tokens = round(usd / usd_per_token / steps)
    told = {0.0: {**HEALTHY, "completion_tokens": tokens}}
    return _run(name, model, stages, told, steps=steps, max_tokens=tokens)


def _drill(
    name: str,
    why: str,
    *traffic: LoadProfile,
    expects: tuple[Expected, ...],
    lasts_s: float,
    uses: frozenset[str] = frozenset(),
) -> Drill:
    return Drill(
        name=name, system="mantis", traffic=traffic, expects=expects, why=why, lasts_s=lasts_s, uses=uses
    )


def _fires(
    alert: str, tenant: str, *, between_s: tuple[float, float], resolves_within_s: float, **labels: str
) -> Expectation:
    """Expect an alert of a tenant; a rule as written has no severity, so nobody takes its page."""
    return wording.fires(
        alert,
        {"tenant_id": tenant, **labels},
        receiver=RECEIVERS.get(alert, UNROUTED),
        between_s=between_s,
        resolves_within_s=resolves_within_s,
    )


def _stays_below(alert: str, tenant: str, *, reaches: float) -> NearMiss:
    return NearMiss(alert=alert, labels={"tenant_id": tenant}, reaches=reaches, pending=False)


def _stays_pending(alert: str, tenant: str, *, over_s: tuple[float, float]) -> NearMiss:
    return NearMiss(
        alert=alert, labels={"tenant_id": tenant}, reaches=1.0, pending=True, pending_within_s=over_s
    )


def _is_blind(alert: str, tenant: str) -> BlindRule:
    return BlindRule(alert=alert + AS_WRITTEN, labels={"tenant_id": tenant})


def _make_quiet_drills() -> tuple[Drill, ...]:
    name = "mantis-quiet"
    slow = "openai:o4-mini-deep-research"
    return (
        _drill(
            name,
            "Half an hour of a healthy tenant: runs that are watched, asked for twice and cancelled, one in "
            "some twenty that fails, a handful too many at once, mistakes, and chat.",
            _profile(
                name,
                "predict",
                ((1800, 0.15),),
                wording.change(0, CHEAP_MODEL, HEALTHY),
                wording.change(0, "openai:gpt-4-turbo", _failing(every=20)),
                models=[CHEAP_MODEL, "openai:gpt-4-turbo"],
                steps=2,
                asks=["status", "result", "logs", "repeat"],
            ),
            _profile(
                name,
                "predict",
                ((1800, 0.01),),
                wording.change(0, slow, {"latency": {"kind": "constant", "s": 40}}),
                part=" cancels",
                models=[slow],
                steps=6,
                asks=["cancel"],
            ),
            _profile(name, "predict", ((600, 0), (16, 1)), part=" at once", models=[CHEAP_MODEL]),
            _profile(
                name,
                "predict",
                ((1800, 1 / 150),),
                part=" mistakes",
                models=[DENIED_MODEL, "openai:no-such-model"],
            ),
            _profile(name, "steady", ((1800, 0.1),), part=" chat", models=[CHEAP_MODEL], stream_share=0.5),
            expects=(),
            lasts_s=1800,
        ),
    )


def _make_failure_drills(values: Values) -> tuple[Drill, ...]:
    alert = values["highFailureRate"]
    threshold, window_s, for_s = alert.threshold, alert.window_s, alert.for_s
    prime = {0.5: _failing(next=1)}
    good_s = window_s / 2
    often, seldom = max(1, math.floor(0.35 / threshold)), math.ceil(1.2 / threshold)
    # How long failures take to fill the window up to the threshold, and how long of them may be left in it.
    rises_s, left_s = _rise_s(threshold * often, good_s, window_s), window_s * threshold * often
    bad_s = for_s + rises_s + 2 * SLACK_S
    short_s = max(rises_s + SLACK_S, for_s - 170 - window_s + rises_s + left_s)
    ends_s = good_s + bad_s + window_s - left_s + SLACK_S
    steady_s = 2.5 * window_s
    return (
        _drill(
            "mantis-failure-fires",
            f"One run in {often} fails in its first step, after some good minutes.",
            _run(
                "mantis-failure-fires",
                "openai:o1",
                ((ends_s, RUNS_PER_S),),
                {**prime, good_s: _failing(every=often), good_s + bad_s: HEALTHY},
            ),
            expects=(
                _fires(
                    FAILURE,
                    "mantis-failure-fires",
                    between_s=(good_s + for_s, good_s + rises_s + for_s + 1.5 * SLACK_S),
                    resolves_within_s=ends_s,
                ),
            ),
            lasts_s=ends_s + PAGE_S,
        ),
        _drill(
            "mantis-failure-near-threshold",
            f"One run in {seldom} fails: below the threshold.",
            _run(
                "mantis-failure-near-threshold",
                "openai:o1-preview",
                ((steady_s + good_s, RUNS_PER_S),),
                {**prime, window_s: _failing(every=seldom), steady_s: HEALTHY},
            ),
            expects=(_stays_below(FAILURE, "mantis-failure-near-threshold", reaches=0.6),),
            lasts_s=steady_s + good_s + 60,
        ),
        _drill(
            "mantis-failure-near-for",
            f"One run in {often} fails, for too short a time.",
            _run(
                "mantis-failure-near-for",
                "openai:o3-mini",
                ((good_s + short_s + window_s + SLACK_S, RUNS_PER_S),),
                {**prime, good_s: _failing(every=often), good_s + short_s: HEALTHY},
            ),
            expects=(_stays_pending(FAILURE, "mantis-failure-near-for", over_s=(for_s / 2, for_s - 40)),),
            lasts_s=good_s + short_s + window_s + 2 * SLACK_S,
        ),
    )


def _rise_s(share: float, good_s: float, window_s: float) -> float:
    """Return how long failures take to be over the threshold, after `good_s` of runs that went well.

    `share` is the threshold's share of the failures' own.
    """
    return min(good_s * share / (1 - share), window_s * share) if share < 1 else math.inf


def _make_failure_edition_drills(values: Values) -> tuple[Drill, ...]:
    """Return the drills that hold the failure rate as written beside the one that is shipped."""
    alert = values["highFailureRate"]
    seldom, often = max(15, math.ceil(1.5 / alert.threshold)), max(3, math.floor(0.4 / alert.threshold))
    first_s = seldom / 0.05
    good_s = alert.window_s / 2
    fires_s = good_s + _rise_s(alert.threshold * often, good_s, alert.window_s) + alert.for_s
    bad_s = fires_s + 2.5 * SLACK_S
    left_s = alert.window_s * alert.threshold * often
    ends_s = bad_s + alert.window_s - left_s + SLACK_S
    return (
        _drill(
            "mantis-failure-poller",
            f"One run in {seldom} fails, in its second step. A client goes on asking for the result of the "
            "first that did: each answer is an error, which the rule as written takes for a failed run.",
            _run(
                "mantis-failure-poller",
                "openai:o3-pro",
                ((first_s + 1200, 0.15),),
                {0: _failing(every=2 * seldom), first_s + 950: HEALTHY},
                steps=2,
                asks=["status", "result"],
                about="failed",
            ),
            expects=(
                _fires(
                    FAILURE + AS_WRITTEN,
                    "mantis-failure-poller",
                    between_s=(first_s + 850, first_s + 1160),
                    resolves_within_s=first_s + 1940,
                ),
                _stays_below(FAILURE, "mantis-failure-poller", reaches=0.05 / alert.threshold),
            ),
            lasts_s=first_s + 1940 + PAGE_S,
        ),
        _drill(
            "mantis-failure-hidden",
            f"One run in {often} fails, and of five runs that the client asks for, four are of a model that "
            "it may not run. The rule as written takes these for runs that did not fail.",
            _run(
                "mantis-failure-hidden",
                "openai:gpt-4.5-preview",
                ((ends_s, 5 * RUNS_PER_S),),
                {0.5: _failing(next=1), good_s: _failing(every=often), bad_s: HEALTHY},
                models=["openai:gpt-4.5-preview", *[DENIED_MODEL] * 4],
            ),
            expects=(
                _fires(
                    FAILURE,
                    "mantis-failure-hidden",
                    between_s=(good_s + alert.for_s, fires_s + 2 * SLACK_S),
                    resolves_within_s=ends_s,
                ),
                _is_blind(FAILURE, "mantis-failure-hidden"),
            ),
            lasts_s=ends_s + PAGE_S,
        ),
    )


def _make_rate_drills(values: Values) -> tuple[Drill, ...]:
    alert = values["rateLimitChronic"]
    threshold, window_s, for_s = alert.threshold, alert.window_s, alert.for_s
    over, under = 1.3, 0.86
    # How long a steady rate of `over` thresholds takes to fill the window to the threshold, and to leave it.
    rises_s = window_s / over
    falls_s = window_s - rises_s
    often, seldom = STARTS_PER_S + over * threshold, STARTS_PER_S + under * threshold
    long_s = rises_s + for_s + SLACK_S + 60
    short_s = rises_s + for_s - 2.5 * SLACK_S - falls_s
    return (
        _drill(
            "mantis-rate-fires",
            "A client asks for many more runs than it may start, for longer than the `for`.",
            _run("mantis-rate-fires", CHEAP_MODEL, ((long_s, often),), {}),
            expects=(
                _fires(
                    RATE,
                    "mantis-rate-fires",
                    between_s=(rises_s + for_s - 60, rises_s + for_s + SLACK_S),
                    resolves_within_s=long_s + falls_s + SLACK_S,
                    kind="rate",
                ),
            ),
            lasts_s=long_s + falls_s + SLACK_S + PAGE_S,
        ),
        _drill(
            "mantis-rate-near-for",
            "The same, stopped some minutes before the `for` is over.",
            _run("mantis-rate-near-for", CHEAP_MODEL, ((short_s, often),), {}),
            expects=(_stays_pending(RATE, "mantis-rate-near-for", over_s=(for_s / 2, for_s - SLACK_S)),),
            lasts_s=short_s + falls_s + SLACK_S,
            uses=QUEUE,
        ),
        _drill(
            "mantis-rate-near-threshold",
            "A client is refused at 86 % of the threshold.",
            _run("mantis-rate-near-threshold", CHEAP_MODEL, ((1.5 * window_s, seldom),), {}),
            expects=(_stays_below(RATE, "mantis-rate-near-threshold", reaches=0.75),),
            lasts_s=1.5 * window_s + SLACK_S,
            uses=QUEUE,
        ),
    )


def _make_cost_drills(values: Values) -> tuple[Drill, ...]:
    threshold, window_s = values["costBudgetSpike"].threshold, values["costBudgetSpike"].window_s
    for_s = values["costBudgetSpike"].for_s
    usd = threshold / 7.5
    leaves_s = 105 + window_s
    return (
        _drill(
            "mantis-cost-fires",
            "Eleven runs, one every half minute, each a little more than an eighth of the budget.",
            _spend("mantis-cost-fires", COST_MODEL, usd, COST_USD_PER_TOKEN, ((330, 1 / 30),)),
            expects=(
                _fires(
                    COST,
                    "mantis-cost-fires",
                    between_s=(220 + for_s, 225 + for_s + SLACK_S),
                    resolves_within_s=leaves_s + SLACK_S,
                ),
            ),
            lasts_s=leaves_s + SLACK_S + PAGE_S,
        ),
        _drill(
            "mantis-cost-near-threshold",
            "Seven such runs: 93 % of the budget.",
            _spend("mantis-cost-near-threshold", COST_MODEL, usd, COST_USD_PER_TOKEN, ((210, 1 / 30),)),
            expects=(_stays_below(COST, "mantis-cost-near-threshold", reaches=0.85),),
            lasts_s=900,
        ),
        _drill(
            "mantis-cost-first-run",
            "A tenant's first run of a model burns 1.3 budgets by itself. The histogram's sum is born with "
            "that, so the rule as written sees no increase, and says nothing.",
            _spend(
                "mantis-cost-first-run",
                FIRST_RUN_MODEL,
                1.3 * threshold,
                FIRST_RUN_USD_PER_TOKEN,
                ((45, 0), (30, 1 / 30)),
            ),
            expects=(
                _fires(
                    COST,
                    "mantis-cost-first-run",
                    between_s=(45 + for_s, 60 + for_s + SLACK_S),
                    resolves_within_s=60 + window_s + SLACK_S,
                ),
                _is_blind(COST, "mantis-cost-first-run"),
            ),
            lasts_s=60 + window_s + SLACK_S + PAGE_S,
        ),
    )


def _make_stuck_drills(values: Values) -> tuple[Drill, ...]:
    runs, for_s = math.ceil(values["stuckConcurrency"].threshold), values["stuckConcurrency"].for_s
    if not 2 <= runs <= MOST_RUNS:
        raise BadInput(f"stuckConcurrency.threshold: there are drills from 2 to {MOST_RUNS}, not for {runs}")
    long_steps = math.ceil((for_s + 2.5 * SLACK_S) / STEP_S)
    short_steps = math.floor((for_s - 2.5 * SLACK_S) / STEP_S)
    full_s = 40.0
    # Steps take a little longer than the provider does: what the gateway adds, at each.
    over_s = full_s + long_steps * (STEP_S + 4)
    peak_s = full_s + STEP_S
    return (
        _drill(
            "mantis-stuck-fires",
            "A tenant's runs hold its whole cap for longer than the `for`; further runs are refused.",
            _hold("mantis-stuck-fires", runs, long_steps, (for_s - 60, 0.02)),
            expects=(
                _fires(
                    STUCK,
                    "mantis-stuck-fires",
                    between_s=(for_s + 30, for_s + full_s + SLACK_S),
                    resolves_within_s=over_s + SLACK_S,
                ),
            ),
            lasts_s=over_s + SLACK_S + PAGE_S,
        ),
        _drill(
            "mantis-stuck-near-threshold",
            "One run fewer, for as long.",
            _hold("mantis-stuck-near-threshold", runs - 1, long_steps),
            expects=(_stays_below(STUCK, "mantis-stuck-near-threshold", reaches=0.95 * (runs - 1) / runs),),
            lasts_s=over_s,
        ),
        _drill(
            "mantis-stuck-near-for",
            "The whole cap, released some minutes before the `for` is over.",
            _hold("mantis-stuck-near-for", runs, short_steps),
            expects=(
                _stays_pending(
                    STUCK,
                    "mantis-stuck-near-for",
                    over_s=(short_steps * STEP_S - SLACK_S, for_s - 60),
                ),
            ),
            lasts_s=for_s + SLACK_S,
        ),
        _drill(
            "mantis-stuck-one-peak",
            "Five runs at once, all over after a minute and a half. The rule as written remembers that peak "
            "for an hour, and half an hour later it says that the tenant is stuck.",
            _hold("mantis-stuck-one-peak", 5, 1),
            expects=(
                _fires(
                    STUCK + AS_WRITTEN,
                    "mantis-stuck-one-peak",
                    between_s=(1830, 1970),
                    resolves_within_s=peak_s + 3600 + SLACK_S,
                ),
                _stays_pending(STUCK, "mantis-stuck-one-peak", over_s=(30, 180)),
            ),
            lasts_s=peak_s + 3600 + SLACK_S + PAGE_S,
        ),
    )


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Mantis's drills."""
    return (
        *_make_quiet_drills(),
        *_make_failure_drills(values),
        *_make_failure_edition_drills(values),
        *_make_rate_drills(values),
        *_make_cost_drills(values),
        *_make_stuck_drills(values),
    )
