"""Gatewayz's drills: each alert fires and resolves, and stays silent just short of it.

Times are seconds of rule time from the drill's start, and are derived from the values: a cause lasts past
`window` and `for`, or stops in time. What a cause is seen by differs. The credit, rate limit and queue drills
have a key or a model of their own; those that share a provider, an endpoint or a cache queue.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.model import Act, Drill, Expectation, NearMiss, Silence, Stage, Tell
from harness.values import AlertValues, Values

DOWN = "GatewayzProviderDown"
ERRORS = "GatewayzProviderErrorRateHigh"
HTTP_5XX = "GatewayzHTTP5xxRateHigh"
LATENCY = "GatewayzLatencyP95High"
CREDITS = "GatewayzCreditBurnHigh"
LIMITED = "GatewayzRateLimitedShareHigh"
CACHE = "GatewayzCacheHitRateLow"
QUEUE = "GatewayzQueueBacklog"
CRITICAL = frozenset({DOWN, HTTP_5XX, CREDITS})

HEALTHY: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
DOWN_MODEL = "ollama:codellama"
ERROR_MODEL = "anthropic:claude-3-haiku"
HTTP_5XX_MODEL = "openai:gpt-3.5-turbo"
CREDIT_MODEL = "openai:gpt-4"
LATENCY_MODEL = "openrouter:mistral-large"
LIMITED_MODEL = "openrouter:ministral-8b"
CACHE_MODEL = "openrouter:ministral-3b"
FALLBACK = "openrouter:mistral-nemo"
QUIET_MODELS = ("openrouter:mistral-medium", "openrouter:mixtral-8x7b", "openrouter:pixtral-12b")

LATENCY_BOUNDS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
CREDIT_BEHAVIOUR = {**HEALTHY, "prompt_tokens": 100, "completion_tokens": 1000}
CREDITS_PER_CALL = 6.3
"""100 prompt tokens of gpt-4 at 30 USD per million and 1000 at 60 are 0.063 USD."""
SLOTS = 8
"""Calls that a model takes at once."""
QUEUE_LATENCY_S = 90.0
COOLDOWN_S = 30.0
"""After five calls that do not reach it, a provider is left alone for so long."""

SLACK_S = 90.0
CLOSE_S = 270.0
START_S = 120.0
"""When a cause begins, so that all that is read from counters has been there for a while."""


def _tell(at_s: float, model: str, behaviour: Mapping[str, Any]) -> Tell:
    provider, _, name = model.partition(":")
    return Tell(at_s=at_s, provider=provider, model=name, behaviour=behaviour)


def _told(model: str, changes: Mapping[float, Mapping[str, Any]]) -> tuple[Tell, ...]:
    """Return what a model's provider is told: to be healthy, then the changes."""
    return tuple(_tell(at_s, model, behaviour) for at_s, behaviour in {0.0: HEALTHY, **changes}.items())


def _act(
    name: str,
    scenario: str,
    stages: tuple[tuple[float, float], ...],
    tells: tuple[Tell, ...] = (),
    **options: Any,
) -> Act:
    """Return traffic of (seconds, calls per second) stages, under a key named like it."""
    return Act(
        name=name,
        scenario=scenario,
        start_s=0,
        stages=tuple(Stage(duration_s=duration_s, rate_per_s=rate) for duration_s, rate in stages),
        tells=tells,
        options={"key": name, **options},
    )


def _failing(error: str, every: int) -> dict[str, Any]:
    return {**HEALTHY, "errors": {"class": error, "every": every}}


def _slow(seconds: float) -> dict[str, Any]:
    return {"latency": {"kind": "constant", "s": seconds}}


def _fires(
    alert: str, labels: Mapping[str, str], *, seen_s: float, gone_s: float, values: AlertValues
) -> Expectation:
    """Expect an alert whose condition holds from a window after `seen_s`, at most, until one after `gone_s`."""
    return Expectation(
        alert=alert,
        labels=labels,
        fires_after_s=seen_s + values.for_s,
        fires_within_s=seen_s + values.for_s + values.window_s + SLACK_S,
        receiver="gatewayz-page" if alert in CRITICAL else "gatewayz-ticket",
        resolves_within_s=gone_s + values.window_s + SLACK_S,
    )


def _stays_below(alert: str, labels: Mapping[str, str], *, reaches: float) -> NearMiss:
    return NearMiss(alert=alert, labels=labels, reaches=reaches, pending=False)


def _stays_pending(alert: str, labels: Mapping[str, str], *, least_s: float, values: AlertValues) -> NearMiss:
    within_s = (least_s, values.for_s - 10)
    return NearMiss(alert=alert, labels=labels, reaches=1.0, pending=True, pending_within_s=within_s)


def _drill(
    name: str,
    why: str,
    traffic: Act,
    *expects: Expectation | NearMiss | Silence,
    lasts_s: float,
    uses: str | None = None,
) -> Drill:
    return Drill(
        name=name,
        system="gatewayz",
        traffic=(traffic,),
        expects=expects,
        why=why,
        lasts_s=lasts_s,
        uses=frozenset({uses} if uses else ()),
    )


def _lasts(expected: Expectation) -> float:
    return expected.resolves_within_s + CLOSE_S


def _blind(alert: str) -> Silence:
    """Expect that the rule as written does not notice."""
    return Silence(alert=f"{alert}AsWritten", labels={"edition": "as_written"})


def _make_quiet_drills() -> tuple[Drill, ...]:
    """Return half an hour of everything that clients can ask for, at rates that weigh little elsewhere."""
    tells = tuple(_tell(0, model, HEALTHY) for model in (*QUIET_MODELS, FALLBACK, "openrouter:codestral"))
    key = "gatewayz-quiet"
    other = {"models": ["openrouter:codestral"], "key": key}

    def ask(kind: str, rate: float, **options: Any) -> Act:
        return _act(f"{key}-{kind}", "text_apis", ((1800, rate),), ask=kind, **{**other, **options})

    chats = Act(
        name=key,
        scenario="steady",
        start_s=0,
        stages=(Stage(duration_s=1800, rate_per_s=0.1),),
        arrivals="poisson",
        tells=tells,
        options={"models": list(QUIET_MODELS), "key": key, "stream_share": 0.5},
    )
    cached = _act(
        f"{key}-cached",
        "cache_collapse",
        ((1800, 0.02),),
        models=["openrouter:codestral"],
        prompts=2,
        new_from=0,
        new_until=0,
    )
    return (
        Drill(
            name=key,
            system="gatewayz",
            traffic=(
                chats,
                cached,
                ask("completions", 0.02, plan="subscribed"),
                ask("responses", 0.02),
                ask("polling", 0.04),
                ask("statement", 0.03),
            ),
            expects=(),
            why="Half an hour of healthy traffic: chats, plain, streamed and cached, legacy completions, "
            "responses at once and in the background, and questions about a subscriber's credits.",
            lasts_s=1800,
        ),
    )


def _make_down_drills(values: AlertValues) -> tuple[Drill, ...]:
    labels = {"provider": "ollama"}
    rate, detected_s = 0.2, 25.0
    down = {"errors": {"class": "network", "every": 1}, **HEALTHY}

    def traffic(name: str, lasts_s: float, down_for_s: float) -> Act:
        tells = _told(DOWN_MODEL, {START_S: down, START_S + down_for_s: HEALTHY})
        return _act(name, "steady", ((lasts_s, rate),), tells, models=[DOWN_MODEL])

    fires_s = values.for_s + values.window_s + 90
    fires = _fires(DOWN, labels, seen_s=START_S + 15, gone_s=START_S + fires_s + COOLDOWN_S, values=values)
    near_for_s = detected_s + values.for_s - 150
    return (
        _drill(
            "gatewayz-provider-fires",
            "Nobody reaches a provider for minutes. Clients do not notice: their calls fall back.",
            traffic("gatewayz-provider-fires", fires.resolves_within_s, fires_s),
            fires,
            lasts_s=_lasts(fires),
            uses="provider ollama",
        ),
        _drill(
            "gatewayz-provider-near-threshold",
            "A provider is out for as long as one cooldown: less than half of the window.",
            traffic("gatewayz-provider-near-threshold", START_S + values.window_s + 150, 42),
            _stays_below(DOWN, labels, reaches=0.6),
            lasts_s=START_S + values.window_s + 180,
            uses="provider ollama",
        ),
        _drill(
            "gatewayz-provider-near-for",
            "A provider is out for a few minutes and comes back before the `for` is over.",
            traffic("gatewayz-provider-near-for", START_S + values.for_s + values.window_s, near_for_s),
            _stays_pending(DOWN, labels, least_s=(values.for_s - 150) / 2, values=values),
            lasts_s=START_S + values.for_s + values.window_s + 60,
            uses="provider ollama",
        ),
    )


def _make_error_drills(values: AlertValues) -> tuple[Drill, ...]:
    labels = {"provider": "anthropic"}
    many = max(2, math.floor(1 / (2 * values.threshold)))
    few = math.ceil(1 / (0.85 * values.threshold))

    def traffic(name: str, lasts_s: float, every: int, failing_for_s: float) -> Act:
        told = {START_S: _failing("server_error", every), START_S + failing_for_s: HEALTHY}
        return _act(name, "steady", ((lasts_s, 0.25),), _told(ERROR_MODEL, told), models=[ERROR_MODEL])

    fires_s = values.for_s + values.window_s + 60
    fires = _fires(ERRORS, labels, seen_s=START_S + 30, gone_s=START_S + fires_s, values=values)
    return (
        _drill(
            "gatewayz-errors-fires",
            "Half of a provider's answers are errors, and every one of them is answered by the fallback.",
            traffic("gatewayz-errors-fires", fires.resolves_within_s, many, fires_s),
            fires,
            lasts_s=_lasts(fires),
            uses="provider anthropic",
        ),
        _drill(
            "gatewayz-errors-near-threshold",
            "One answer in five is an error: four of the last twenty calls.",
            traffic("gatewayz-errors-near-threshold", START_S + values.window_s + 240, few, 1000),
            _stays_below(ERRORS, labels, reaches=0.7),
            lasts_s=START_S + values.window_s + 240,
            uses="provider anthropic",
        ),
        _drill(
            "gatewayz-errors-near-for",
            "Half of the answers are errors, for a few minutes less than the `for`.",
            traffic(
                "gatewayz-errors-near-for",
                START_S + values.for_s + 2 * values.window_s,
                many,
                max(60.0, values.for_s - 100),
            ),
            _stays_pending(ERRORS, labels, least_s=(values.for_s - 100) / 2, values=values),
            lasts_s=START_S + values.for_s + 2 * values.window_s,
            uses="provider anthropic",
        ),
    )


def _make_5xx_drills(values: AlertValues) -> tuple[Drill, ...]:
    labels = {"endpoint": "/v1/completions"}
    many = max(2, math.floor(1 / (2.5 * values.threshold)))
    few = math.ceil(1 / (0.66 * values.threshold))

    def traffic(name: str, lasts_s: float, every: int, failing_for_s: float, rate: float = 0.3) -> Act:
        told = {START_S: _failing("server_error", every), START_S + failing_for_s: HEALTHY}
        tells = _told(HTTP_5XX_MODEL, told)
        return _act(name, "text_apis", ((lasts_s, rate),), tells, models=[HTTP_5XX_MODEL], ask="completions")

    fires_s = values.for_s + values.window_s + 60
    fires = _fires(HTTP_5XX, labels, seen_s=START_S, gone_s=START_S + fires_s, values=values)
    return (
        _drill(
            "gatewayz-5xx-fires",
            "One legacy completion in eight fails; these insist on their model, so nothing falls back. The "
            "expression as written matches a label that the metric does not have, and sees nothing.",
            traffic("gatewayz-5xx-fires", fires.resolves_within_s, many, fires_s),
            fires,
            _blind(HTTP_5XX),
            lasts_s=_lasts(fires),
            uses="endpoint /v1/completions",
        ),
        _drill(
            "gatewayz-5xx-near-threshold",
            "One request in thirty fails: at most two in a window, which are less than 5 %.",
            traffic("gatewayz-5xx-near-threshold", START_S + values.window_s + 240, few, 1000, 0.5),
            _stays_below(HTTP_5XX, labels, reaches=0.6),
            lasts_s=START_S + values.window_s + 240,
            uses="endpoint /v1/completions",
        ),
        _drill(
            "gatewayz-5xx-near-for",
            "One request in eight fails, for so long that with the window it is just short of the `for`.",
            traffic(
                "gatewayz-5xx-near-for",
                START_S + values.for_s + values.window_s,
                many,
                max(45.0, values.for_s - values.window_s - 60),
            ),
            _stays_pending(HTTP_5XX, labels, least_s=60, values=values),
            lasts_s=START_S + values.for_s + values.window_s,
            uses="endpoint /v1/completions",
        ),
    )


def _make_latency_drills(values: AlertValues) -> tuple[Drill, ...]:
    labels = {"endpoint": "/v1/responses"}
    upper_s = max(bound for bound in LATENCY_BOUNDS_S if bound <= values.threshold)
    lower_s = max((bound for bound in LATENCY_BOUNDS_S if bound < upper_s), default=0.0)
    slow_s, below_s = 1.5 * values.threshold, lower_s + 0.2 * (upper_s - lower_s)
    healthy_s = 450.0

    def traffic(name: str, stages: tuple[tuple[float, float], ...], told: Mapping[float, Any]) -> Act:
        tells = _told(LATENCY_MODEL, told)
        return _act(name, "text_apis", stages, tells, models=[LATENCY_MODEL], ask="responses")

    fires_s = values.for_s + values.window_s + 60
    fires = _fires(
        LATENCY, labels, seen_s=healthy_s + slow_s, gone_s=healthy_s + fires_s + slow_s, values=values
    )
    return (
        _drill(
            "gatewayz-latency-fires",
            "A model that has answered hundreds of times becomes slow. The expression as written has no "
            "rate: it reads the p95 of all requests ever, of which the slow ones are less than 5 %.",
            traffic(
                "gatewayz-latency-fires",
                ((healthy_s, 1.0), (fires.resolves_within_s - healthy_s, 0.05)),
                {healthy_s: _slow(slow_s), healthy_s + fires_s: HEALTHY},
            ),
            fires,
            _blind(LATENCY),
            lasts_s=_lasts(fires),
            uses="endpoint /v1/responses",
        ),
        _drill(
            "gatewayz-latency-near-threshold",
            "Every answer takes 14 s. The histogram has no bound between 10 and 30 s, so the p95 reads as "
            "29 s: just under the threshold.",
            traffic(
                "gatewayz-latency-near-threshold",
                ((START_S + values.window_s + 240, 0.1),),
                {1: _slow(below_s), START_S + values.window_s + 200: HEALTHY},
            ),
            _stays_below(LATENCY, labels, reaches=0.85),
            lasts_s=START_S + values.window_s + 240,
            uses="endpoint /v1/responses",
        ),
        _drill(
            "gatewayz-latency-near-for",
            "A model is slow for two minutes; the window keeps them in sight, and still it is short of the "
            "`for`.",
            traffic(
                "gatewayz-latency-near-for",
                ((START_S + values.for_s + values.window_s + slow_s, 0.1),),
                {START_S: _slow(slow_s), START_S + max(30.0, values.for_s - values.window_s - 60): HEALTHY},
            ),
            _stays_pending(LATENCY, labels, least_s=90, values=values),
            lasts_s=START_S + values.for_s + values.window_s + slow_s,
            uses="endpoint /v1/responses",
        ),
    )


def _make_credit_drills(values: AlertValues) -> tuple[Drill, ...]:
    per_s = values.threshold / 3600 / CREDITS_PER_CALL

    def traffic(name: str, *stages: tuple[float, float]) -> Act:
        tells = (_tell(0, CREDIT_MODEL, CREDIT_BEHAVIOUR),)
        return _act(name, "cost_runaway", stages, tells, models=[CREDIT_MODEL])

    def labels(name: str) -> dict[str, str]:
        return {"user_id": name}

    burns_s = values.for_s + values.window_s + 60
    fires = _fires(
        CREDITS,
        labels("gatewayz-credits-fires"),
        seen_s=START_S + 60,
        gone_s=START_S + burns_s,
        values=values,
    )
    near_for_s = max(60.0, values.for_s - values.window_s - 30)
    calm = 0.25 * per_s
    return (
        _drill(
            "gatewayz-credits-fires",
            "A user spends at twice the rate that is thought of as a runaway.",
            traffic("gatewayz-credits-fires", (START_S, calm), (burns_s, 2 * per_s), (values.window_s, calm)),
            fires,
            lasts_s=_lasts(fires),
        ),
        _drill(
            "gatewayz-credits-near-threshold",
            "A user spends at 85 % of the rate, for as long as it would take to fire.",
            traffic("gatewayz-credits-near-threshold", (values.for_s + 2 * values.window_s, 0.85 * per_s)),
            _stays_below(CREDITS, labels("gatewayz-credits-near-threshold"), reaches=0.75),
            lasts_s=values.for_s + 2 * values.window_s,
        ),
        _drill(
            "gatewayz-credits-near-for",
            "A user spends at twice the rate and stops a few minutes before it would fire.",
            traffic(
                "gatewayz-credits-near-for", (START_S, calm), (near_for_s, 2 * per_s), (values.window_s, calm)
            ),
            _stays_pending(
                CREDITS, labels("gatewayz-credits-near-for"), least_s=near_for_s / 2, values=values
            ),
            lasts_s=START_S + near_for_s + values.window_s + 120,
        ),
    )


def _make_limit_drills(values: AlertValues) -> tuple[Drill, ...]:
    rate, calm = 0.2, 0.05

    def traffic(name: str, share: float, *stages: tuple[float, float]) -> Act:
        """Send at `rate` with a limit that refuses this share of it."""
        limit = max(1, round(60 * rate * (1 - share)))
        return _act(
            name,
            "rate_limit_abuse",
            stages,
            (_tell(0, LIMITED_MODEL, HEALTHY),),
            models=[LIMITED_MODEL],
            requests_per_minute=limit,
        )

    def labels(name: str) -> dict[str, str]:
        return {"api_key_id": name}

    high, low = min(0.9, 2.5 * values.threshold), 0.85 * values.threshold
    abuse_s = values.for_s + values.window_s
    fires = _fires(
        LIMITED,
        labels("gatewayz-limited-fires"),
        seen_s=START_S,
        gone_s=START_S + abuse_s,
        values=values,
    )
    near_for_s = max(60.0, values.for_s - values.window_s - 60)
    return (
        _drill(
            "gatewayz-limited-fires",
            "A client sends at twice its rate and does not heed that half of it is refused.",
            traffic(
                "gatewayz-limited-fires", high, (START_S, calm), (abuse_s, rate), (values.window_s, calm)
            ),
            fires,
            lasts_s=_lasts(fires),
        ),
        _drill(
            "gatewayz-limited-near-threshold",
            "A client is a little past its rate all the time: one request in six is refused.",
            traffic("gatewayz-limited-near-threshold", low, (values.for_s + 2 * values.window_s, rate)),
            _stays_below(LIMITED, labels("gatewayz-limited-near-threshold"), reaches=0.7),
            lasts_s=values.for_s + 2 * values.window_s,
        ),
        _drill(
            "gatewayz-limited-near-for",
            "A client sends at twice its rate for a few minutes, and learns.",
            traffic(
                "gatewayz-limited-near-for",
                high,
                (START_S, calm),
                (near_for_s, rate),
                (values.window_s, calm),
            ),
            _stays_pending(
                LIMITED, labels("gatewayz-limited-near-for"), least_s=near_for_s / 2, values=values
            ),
            lasts_s=START_S + near_for_s + values.window_s + 60,
        ),
    )


def _make_cache_drills(values: AlertValues) -> tuple[Drill, ...]:
    labels = {"cache_name": "response"}
    rate = 2.5 * values.number("traffic")

    def traffic(name: str, lasts_s: float, new_from_s: float, new_until_s: float, share: float = 1.0) -> Act:
        return _act(
            name,
            "cache_collapse",
            ((lasts_s, rate),),
            (_tell(0, CACHE_MODEL, HEALTHY),),
            models=[CACHE_MODEL],
            prompts=5,
            new_from=round(new_from_s * rate),
            new_until=round(new_until_s * rate),
            new_share=share,
        )

    warm_s = 420.0
    falls_s = (1 - values.threshold) * values.window_s
    new_s = values.for_s + values.window_s + 60
    fires = _fires(CACHE, labels, seen_s=warm_s + falls_s / 2, gone_s=warm_s + new_s, values=values)
    near_for_s = max(falls_s + 30, values.for_s - 90 + (1 - 2 * values.threshold) * values.window_s)
    return (
        _drill(
            "gatewayz-cache-fires",
            "Nine lookups in ten are hits until clients ask something new each time, and then none is. The "
            "expression as written counts since the start, where the collapse is still the smaller part.",
            traffic("gatewayz-cache-fires", fires.resolves_within_s, warm_s, warm_s + new_s),
            fires,
            _blind(CACHE),
            lasts_s=_lasts(fires),
            uses="cache response",
        ),
        _drill(
            "gatewayz-cache-near-threshold",
            "Two questions in three are new: the hit rate is low, and above the threshold.",
            traffic(
                "gatewayz-cache-near-threshold",
                START_S + values.window_s + 240,
                START_S,
                10_000,
                1 - values.threshold / 0.85,
            ),
            _stays_below(CACHE, labels, reaches=0.65),
            lasts_s=START_S + values.window_s + 240,
            uses="cache response",
        ),
        _drill(
            "gatewayz-cache-near-for",
            "Every question is new for some minutes, and the usual ones come back before the `for` is over.",
            traffic(
                "gatewayz-cache-near-for",
                START_S + near_for_s + values.window_s + 60,
                START_S,
                START_S + near_for_s,
            ),
            _stays_pending(CACHE, labels, least_s=(values.for_s - 90) / 2, values=values),
            lasts_s=START_S + near_for_s + values.window_s + 60,
            uses="cache response",
        ),
    )


def _make_queue_drills(values: AlertValues) -> tuple[Drill, ...]:
    latency_s = QUEUE_LATENCY_S
    grows_per_s = values.threshold / 60
    wait_s = values.for_s + values.window_s + 120

    def traffic(
        name: str, model: str, stages: tuple[tuple[float, float], ...], told: Mapping[float, Any]
    ) -> Act:
        return _act(name, "text_apis", stages, _told(model, told), models=[model], ask="background")

    def labels(model: str) -> dict[str, str]:
        provider, _, name = model.partition(":")
        return {"provider": provider, "model": name}

    full, below, short = (
        "openrouter:magistral-medium",
        "openrouter:magistral-small",
        "openrouter:devstral-small",
    )
    fires = _fires(
        QUEUE, labels(full), seen_s=START_S + 60, gone_s=START_S + wait_s + latency_s, values=values
    )
    waiting = max(1, round(0.8 * values.threshold))
    many = math.ceil(3.2 * values.threshold)
    return (
        _drill(
            "gatewayz-queue-fires",
            "Responses are started faster than a slow model answers. Nobody waits for them, so no latency "
            "shows it: only the queue does.",
            traffic(
                "gatewayz-queue-fires",
                full,
                ((START_S, 0.02), (wait_s, SLOTS / latency_s + grows_per_s), (latency_s, 0.0)),
                {START_S: _slow(latency_s), START_S + wait_s: HEALTHY},
            ),
            fires,
            lasts_s=_lasts(fires),
        ),
        _drill(
            "gatewayz-queue-near-threshold",
            "Two bursts keep a few responses waiting for three minutes, one fewer than the threshold.",
            traffic(
                "gatewayz-queue-near-threshold",
                below,
                (
                    (SLOTS + waiting, 1.0),
                    (latency_s + 15 - SLOTS - waiting, 0.0),
                    (SLOTS, 1.0),
                    (2 * latency_s, 0.0),
                ),
                {0: _slow(latency_s)},
            ),
            _stays_below(QUEUE, labels(below), reaches=0.6),
            lasts_s=3 * latency_s + 180,
        ),
        _drill(
            "gatewayz-queue-near-for",
            "One large burst waits its turn: over the threshold for minutes, and worked off in time.",
            traffic(
                "gatewayz-queue-near-for",
                short,
                ((SLOTS + many, 1.0), (3 * latency_s, 0.0)),
                {0: _slow(latency_s)},
            ),
            _stays_pending(QUEUE, labels(short), least_s=90, values=values),
            lasts_s=3 * latency_s + 240,
        ),
    )


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Gatewayz's drills on these values."""
    return (
        *_make_quiet_drills(),
        *_make_down_drills(values["providerDown"]),
        *_make_error_drills(values["providerErrorRate"]),
        *_make_5xx_drills(values["http5xx"]),
        *_make_latency_drills(values["latencyP95"]),
        *_make_credit_drills(values["creditBurn"]),
        *_make_limit_drills(values["rateLimited"]),
        *_make_cache_drills(values["cacheHitRate"]),
        *_make_queue_drills(values["queueBacklog"]),
    )
