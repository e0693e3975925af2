"""Metis's drills: each alert fires and resolves, stays silent just short of it, and its false positives.

Each drill has a model or a key of its own, so that most are held at the same time; those that move the one
series of authentication failures queue, and so do those that a closed provider would hit. Times are seconds
of rule time from the drill's start.

Intensities and times follow the values: `threshold`, `window` (W) and `for` (F) of each alert. A drill whose
point rests on how W and F relate (one cause is seen for one scrape less than W, so it never fires while
W <= F) is left out when they do not relate so; thresholds that this traffic cannot come near are refused.

Two facts shape the traffic. A counter that is born at 1 shows no increase, so what must be seen from its
first increment on is primed by one call before. And a value is over its threshold for as long as what
raised it is inside the window, which is why a short cause can outlast a `for`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alertdrill.core.drill import Drill, LoadProfile, LoadStage
from alertdrill.core.expectation import Delivery, Text
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues, Values
from alertdrill.systems.building import wording
from alertdrill.systems.building.estimates import (
    ROUNDING,
    choose_every,
    choose_latency_above,
    choose_latency_below,
    find_bucket,
    interpolate_p99,
    sum_usd,
    to_hourly,
)
from alertdrill.systems.metis.drills import paging
from alertdrill.systems.metis.drills.errors import make_error_drills
from alertdrill.systems.metis.drills.load import (
    AUTH,
    COST,
    COST_USD_PER_MILLION,
    HEALTHY,
    LATENCY,
    THE_GATEWAY,
    call,
    failing,
    fires,
    label_key,
    make_drill,
    make_profile,
    pair,
    scan,
    spend,
    stays_below,
    stays_pending,
)

QUIET_MODELS = ("openai:gpt-4o-mini", "anthropic:claude-haiku-4-5", "ollama:phi4")
SOMETIMES_FAILING = "openai:gpt-4o"
LATENCY_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
"""The bounds of `metis_llm_call_latency_seconds`."""
AUTH_FAILURES = frozenset({"authentication failures"})

LATENCY_THRESHOLDS_S = (5.0, 60.0)
ERROR_THRESHOLDS = (0.01, 0.25)
AUTH_MOST_PER_S = 1.0
AUTH_LEAST_IN_WINDOW = 12.0
"""With fewer failures in a window, one more or less decides."""
COST_THRESHOLDS_USD = (0.5, 100.0)
COST_LEAST_SURPLUS_S = 300.0


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Metis's drills for these values; raises BadInput for values that cannot be drilled."""
    latency, errors = values["llmLatencyP99"], values["llmErrorRate"]
    auth, cost = values["gatewayAuthFailureRate"], values["gatewayKeyCostSpike"]
    _check(latency, *LATENCY_THRESHOLDS_S)
    _check(errors, *ERROR_THRESHOLDS)
    _check(auth, AUTH_LEAST_IN_WINDOW / auth.window_s, AUTH_MOST_PER_S)
    _check(cost, *COST_THRESHOLDS_USD)
    if cost.window_s < cost.for_s + COST_LEAST_SURPLUS_S:
        raise BadInput(
            f"{cost.key}.window must be {COST_LEAST_SURPLUS_S:g} s longer than its for, to be drilled"
        )
    return (
        _make_quiet(errors.threshold),
        *_make_latency(latency),
        *make_error_drills(errors),
        *_make_auth(auth),
        *_make_cost(cost),
        *paging.make_drills(),
    )


def _check(alert: AlertValues, least: float, most: float) -> None:
    if not least <= alert.threshold <= most:
        raise BadInput(
            f"{alert.key}.threshold: there are drills from {least:g} to {most:g}, not for {alert.threshold:g}"
        )


def _make_quiet(error_threshold: float) -> Drill:
    every = max(40, choose_every(error_threshold / 2))
    return Drill(
        name="metis-quiet",
        system="metis",
        why="Half an hour of healthy mixed traffic: plain and streamed, four models, three providers, one "
        f"bad call in {every} of one of them; and sessions with tools, some of which fail, judges, patterns "
        "and workspaces, under a key with a quota.",
        traffic=(
            LoadProfile(
                name="metis-quiet",
                scenario="steady",
                start_s=0,
                stages=(LoadStage(duration_s=1800, rate_per_s=0.4),),
                arrivals="poisson",
                changes=(
                    wording.change(0, SOMETIMES_FAILING, failing(every=every)),
                    *(wording.change(0, model, HEALTHY) for model in QUIET_MODELS),
                ),
                options={
                    "models": [SOMETIMES_FAILING, *QUIET_MODELS],
                    "key": "metis-quiet",
                    "stream_share": 0.5,
                },
            ),
            make_profile(
                "metis-quiet-sessions",
                "sessions",
                ((1800, 0.1),),
                key="metis-quiet-sessions",
                learned="anthropic:claude-haiku-4-5",
                default="ollama:phi4",
                judge="openai:gpt-4o-mini",
                daily_requests=1000,
            ),
        ),
        expects=(),
        lasts_s=1800,
    )


def _make_latency(values: AlertValues) -> Iterator[Drill]:
    threshold_s, window_s, for_s = values.threshold, values.window_s, values.for_s
    near_s = choose_latency_below(threshold_s, LATENCY_BOUNDS_S)
    near_p99_s = interpolate_p99(near_s, LATENCY_BOUNDS_S)
    slow_s = choose_latency_above(threshold_s, LATENCY_BOUNDS_S)
    between_s = (285 + slow_s + for_s, 435 + slow_s + for_s)

    model, slow_until_s = "openai:gpt-4.1", 600 + for_s
    resolves_s = slow_until_s + slow_s + window_s + 105
    yield make_drill(
        "metis-latency-fires",
        f"A model answers in {slow_s:g} s for {slow_until_s - 300:g} s.",
        call(
            "metis-latency-fires",
            model,
            ((resolves_s + 150, 0.2),),
            {300: wording.slow(slow_s), slow_until_s: HEALTHY},
        ),
        fires(LATENCY, pair(model), between_s=between_s, resolves_within_s=resolves_s),
        lasts_s=resolves_s + 250,
    )
    model, lasts_s = "anthropic:claude-sonnet-4-5", window_s + for_s + 600
    yield make_drill(
        "metis-latency-near-threshold",
        f"A model answers in {near_s:g} s for {lasts_s:g} s. The histogram knows only the bucket, so its p99 "
        f"reads as {near_p99_s:.1f} s: under the threshold of {threshold_s:g} s.",
        call("metis-latency-near-threshold", model, ((lasts_s, 0.2),), {1: wording.slow(near_s)}),
        stays_below(LATENCY, pair(model), reaches=0.96 * near_p99_s / threshold_s),
        lasts_s=lasts_s + 300,
        calls_within_s=find_bucket(near_s, LATENCY_BOUNDS_S)[1],
    )
    if for_s >= 120:
        model, slow_for_s = "openai:o4-mini", max(60.0, for_s - window_s - 75)
        rush_s = 210 + slow_s + for_s
        yield make_drill(
            "metis-latency-near-for",
            "A few slow calls would stay in the window for longer than the `for`, were they not outnumbered "
            f"by healthy calls {rush_s - 300:g} s later.",
            call(
                "metis-latency-near-for",
                model,
                ((rush_s, 1 / 30), (60, 4.5), (285 + window_s, 1 / 30)),
                {300: wording.slow(slow_s), 300 + slow_for_s: HEALTHY},
            ),
            stays_pending(LATENCY, pair(model), over_s=(max(15, for_s - 150), for_s - 10)),
            lasts_s=rush_s + 345 + window_s,
        )
    if window_s <= for_s:
        model, tall_s = "anthropic:claude-opus-4-1", min(90.0, 2 * slow_s)
        yield make_drill(
            "metis-latency-one-slow-call",
            f"One slow tall bar: a single call of {tall_s:g} s. The window is no longer than the `for`, so "
            "one call is seen for one scrape less than it takes to fire.",
            call(
                "metis-latency-one-slow-call",
                model,
                ((window_s + 600, 1 / 30),),
                {300: wording.slow(tall_s), 330: HEALTHY},
            ),
            stays_pending(LATENCY, pair(model), over_s=(window_s - 100, window_s - 1)),
            lasts_s=window_s + 600,
        )
    slow_for_s = max(0.6 * for_s, for_s - window_s + 90)
    if slow_for_s <= for_s - 30:
        model = "anthropic:claude-3-7-sonnet"
        resolves_s = 405 + slow_for_s + slow_s + window_s
        yield make_drill(
            "metis-latency-slow-minutes",
            f"{slow_for_s:g} slow seconds are less than the `for` of {for_s:g} s and fire all the same: the "
            f"window keeps them in sight for {window_s:g} s more.",
            call(
                "metis-latency-slow-minutes",
                model,
                ((resolves_s + 270, 0.1),),
                {300: wording.slow(slow_s), 300 + slow_for_s: HEALTHY},
            ),
            fires(LATENCY, pair(model), between_s=between_s, resolves_within_s=resolves_s),
            lasts_s=resolves_s + 270,
        )


def _make_auth(values: AlertValues) -> Iterator[Drill]:
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    lasting_s = for_s + 60
    crossing_s, resolves_s = 60 + window_s / 4, 195 + for_s + 0.75 * window_s
    yield make_drill(
        "metis-auth-fires",
        f"A scanner tries {4 * threshold:g} invalid tokens a second for {lasting_s:g} s.",
        scan("metis-auth-fires", (60, 0), (lasting_s, round(4 * threshold, ROUNDING))),
        fires(
            AUTH,
            THE_GATEWAY,
            between_s=(crossing_s + for_s - 15, crossing_s + for_s + 105),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 180,
        uses=AUTH_FAILURES,
    )
    lasts_s = window_s + for_s + 60
    yield make_drill(
        "metis-auth-near-threshold",
        f"{0.9 * threshold:g} failures a second for {lasts_s:g} s, under the threshold of {threshold:g}.",
        scan("metis-auth-near-threshold", (lasts_s, round(0.9 * threshold, ROUNDING))),
        stays_below(AUTH, THE_GATEWAY, reaches=0.8),
        lasts_s=lasts_s + 310,
        uses=AUTH_FAILURES,
    )
    scans_for_s = for_s - 60 + 2 / 3 * window_s
    yield make_drill(
        "metis-auth-near-for",
        f"{1.2 * threshold:g} failures a second, stopped a minute short of the `for` of {for_s:g} s.",
        scan("metis-auth-near-for", (scans_for_s, round(1.2 * threshold, ROUNDING))),
        stays_pending(AUTH, THE_GATEWAY, over_s=(for_s - 120, for_s - 15)),
        lasts_s=scans_for_s + window_s + 40,
        uses=AUTH_FAILURES,
    )
    crossing_s, resolves_s = 60 + window_s / 3, 220 + for_s + 2 / 3 * window_s
    yield make_drill(
        "metis-auth-rotation",
        f"A planned key rotation that takes clients {lasting_s:g} s to follow: it fires, and resolves by "
        "itself.",
        make_profile(
            "metis-auth-rotation",
            "auth_scan",
            ((lasting_s + 240, round(3 * threshold, ROUNDING)),),
            wording.change(0, "openai:gpt-4.1-mini", HEALTHY),
            reason="rotation",
            models=["openai:gpt-4.1-mini"],
            key="metis-auth-rotation",
            rotate_at_s=60,
            catch_up_s=lasting_s,
        ),
        fires(
            AUTH,
            THE_GATEWAY,
            between_s=(crossing_s + for_s - 40, crossing_s + for_s + 100),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 140,
        uses=AUTH_FAILURES,
    )
    yield _make_synthetic_firing(values)
    if window_s <= for_s:
        failures = 2 * threshold * window_s
        yield make_drill(
            "metis-auth-one-volley",
            f"{failures:g} failures within {failures / 20:g} s, twice what the threshold allows in the "
            "window, and silent: what happens between two scrapes is seen for one scrape less than it takes "
            "to fire.",
            scan("metis-auth-one-volley", (20, 0), (failures / 20, 20)),
            stays_pending(AUTH, THE_GATEWAY, over_s=(window_s - 100, window_s)),
            lasts_s=window_s + 120,
            uses=AUTH_FAILURES,
        )


def _make_synthetic_firing(values: AlertValues) -> Drill:
    """Return the drill by which Metis's operators prove the path from gateway to page."""
    rate_per_s, lasting_s = round(3 * values.threshold, ROUNDING), values.for_s + 60
    crossing_s, resolves_s = 60 + values.window_s / 3, 195 + values.for_s + 2 / 3 * values.window_s
    fired = fires(
        AUTH,
        THE_GATEWAY,
        between_s=(crossing_s + values.for_s - 15, crossing_s + values.for_s + 105),
        resolves_within_s=resolves_s,
    )
    page = Delivery(
        receiver=fired.receiver,
        integration="slack",
        title=Text(how="contains", text=AUTH),
        text=Text(how="regex", text=r"^The gateway rejects \S+ authentications per second\n"),
        notifications=(1, 1),
    )
    return make_drill(
        "metis-auth-synthetic",
        "The synthetic firing of Metis's runbook: a key is revoked and goes on being used until key_revoked "
        f"crosses the threshold, {rate_per_s:g} times a second. One page opens, and closes when it is over.",
        make_profile(
            "metis-auth-synthetic",
            "auth_scan",
            ((60, 0), (lasting_s, rate_per_s)),
            reason="key_revoked",
            key="metis-auth-synthetic",
        ),
        replace(fired, deliveries=(page,)),
        lasts_s=resolves_s + 240,
        uses=AUTH_FAILURES,
    )


def _make_cost(values: AlertValues) -> Iterator[Drill]:
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    # 0.30 USD for every 10 USD that may be spent in a window: the calls are the same for every threshold.
    usd = 0.03 * threshold * window_s / 3600
    tokens = round(usd / COST_USD_PER_MILLION * 1e6)
    limit = f"{usd / 0.03:.2f} USD, which is {threshold:g} USD/hour over the window"

    name, resolves_s = "metis-cost-fires", window_s + 240
    burst = (180, 0.25)
    yield make_drill(
        name,
        f"A key spends {sum_usd([burst], usd):.2f} USD in three minutes, after two minutes of ordinary use; "
        f"allowed are {limit}.",
        spend(name, tokens, (120, 1 / 40), burst),
        fires(COST, label_key(name), between_s=(180 + for_s, 360 + for_s), resolves_within_s=resolves_s),
        lasts_s=resolves_s + 240,
    )
    name, resolves_s = "metis-cost-bulk-load", window_s + 180
    load = (120, 0.4)
    yield make_drill(
        name,
        f"A new key loads in bulk for two minutes, {sum_usd([load], usd):.2f} USD, and stops. It pages "
        f"minutes after the last call: on a rate over {window_s:g} s, a `for` of {for_s:g} s filters no "
        "burst, however short.",
        spend(name, tokens, load),
        fires(COST, label_key(name), between_s=(30 + for_s, 180 + for_s), resolves_within_s=resolves_s),
        lasts_s=resolves_s + 240,
    )
    name, stages = "metis-cost-near-threshold", ((900, 1 / 225), (300, 0.09))
    # The first call is not seen, since the key's counter is born with it.
    reaches = to_hourly(sum_usd(stages, usd) - usd, window_s) / threshold - 0.05
    yield make_drill(
        name,
        f"A key spends {sum_usd(stages, usd):.2f} USD inside the window; allowed are {limit}.",
        spend(name, tokens, *stages),
        stays_below(COST, label_key(name), reaches=reaches),
        lasts_s=2100,
    )
    name = "metis-cost-near-for"
    yield make_drill(
        name,
        "Two spends that share the window for less than the `for` only. One burst cannot come near: once "
        "over, it stays over until it leaves the window.",
        spend(name, tokens, (60, 1 / 60), (30, 0), (60, 1 / 3), (window_s - for_s, 0), (60, 17 / 60)),
        stays_pending(COST, label_key(name), over_s=(for_s - 200, for_s - 15)),
        lasts_s=window_s + 360,
    )
