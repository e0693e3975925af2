"""The traffic of a run: what calibration and the probe send, beside what the drills do.

The probe is one model of the reference gateway with a constant latency, called through the whole run; what it
takes longer than that is the overhead of gateway and client. A gateway of somebody's own is not probed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from alertdrill.core.drill import BehaviourChange, LoadProfile, LoadStage, Placement
from alertdrill.runner.faults.outages import interrupt
from alertdrill.runner.packing import BIN_S, measure

CALIBRATION_TRAFFIC_SHARE = 0.65
"""The rest of the calibration is silent, so that what was sent is answered, scraped and reported."""
WARM_UP_CALLS = 2
"""Of each model that a scenario calls: one bears the series, and one more is counted."""
WARM_UP_SHARE = 0.25
"""Of a calibration on a gateway of somebody's own: its first calls may take long, and are not measured."""
SETTLE_S = 45.0
"""Rule time after the last drill, so that what its last instant caused is scraped, evaluated and seen."""
PROBE_PREFIX = "aside"
"""The gateway's prefix that no system hears."""
PROBE_PROVIDER = "openai"
PROBE_MODEL = "gpt-5-mini"
PROBE_LATENCY_S = 1.0
PROBE_RATE_PER_S = 0.2
CALIBRATION_RATE_PER_S = 1.0
CALIBRATION_PROFILE = "calibration"
WARM_UP_PROFILE = "warm-up"
PROBE_PROFILE = "probe"

CHANGE = BehaviourChange(
    at_s=0.0,
    provider=PROBE_PROVIDER,
    model=PROBE_MODEL,
    behaviour={"latency": {"kind": "constant", "s": PROBE_LATENCY_S}},
)
OPTIONS = {"models": [f"{PROBE_PROVIDER}:{PROBE_MODEL}"], "key": "alertdrill-probe"}
"""Of the probe."""

Window = tuple[float, float]
"""From when to when, rule time."""


def list_drilled_profiles(placements: Iterable[Placement], *, has_prefixes: bool) -> tuple[LoadProfile, ...]:
    """Return what the drills send, in the run's time, each under its system's prefix if there are any."""
    return tuple(
        replace(
            profile,
            start_s=placement.start_s + profile.start_s,
            prefix=placement.drill.system if has_prefixes else None,
        )
        for placement in placements
        for profile in placement.drill.traffic
    )


def make_probe(until_s: float, outages: Sequence[Window]) -> LoadProfile:
    """Return the probe of a run; it is silent while an outage makes it wait."""
    probe = LoadProfile(
        name=PROBE_PROFILE,
        scenario="steady",
        start_s=0.0,
        stages=(LoadStage(duration_s=until_s - SETTLE_S, rate_per_s=PROBE_RATE_PER_S),),
        options=OPTIONS,
        prefix=PROBE_PREFIX,
    )
    return interrupt(probe, outages)


def make_calibration(lead_s: float) -> LoadProfile:
    """Return what is sent in the `lead_s` before the run's origin."""
    return LoadProfile(
        name=CALIBRATION_PROFILE,
        scenario="steady",
        start_s=-lead_s,
        stages=(LoadStage(duration_s=lead_s * CALIBRATION_TRAFFIC_SHARE, rate_per_s=CALIBRATION_RATE_PER_S),),
        changes=(CHANGE,),
        options=OPTIONS,
        prefix=PROBE_PREFIX,
    )


def make_warm_up(placements: Sequence[Placement], lasts_s: float, until_s: float) -> tuple[LoadProfile, ...]:
    """Return a few calls of each scenario that drills have on a gateway of somebody's own, up to a rule time.

    `increase()` does not see the first call of a series, and `absent()` sees that there was none: so there is
    one before the quiet lead. Providers behave as they do with nothing wrong.
    """
    seen: dict[str, LoadProfile] = {}
    for placement in placements:
        for profile in placement.drill.traffic:
            key = f"{profile.scenario} {sorted(profile.options.items())!r}"
            seen.setdefault(key, profile)
    return tuple(
        replace(
            profile,
            name=f"{WARM_UP_PROFILE} {number}",
            start_s=until_s - lasts_s,
            stages=(
                LoadStage(
                    duration_s=lasts_s,
                    rate_per_s=WARM_UP_CALLS * max(1, len(profile.options.get("models", ()))) / lasts_s,
                ),
            ),
            changes=(),
            prefix=None,
        )
        for number, profile in enumerate(seen.values(), 1)
    )


def make_own_calibration(
    placements: Sequence[Placement], lead_s: float, quiet_lead_s: float
) -> tuple[LoadProfile, ...]:
    """Return calls of the drills' own models at the highest rate that the drills send.

    They are sent within the `lead_s` before the quiet lead, after a first call or two of each model; none
    are, where the drills name no models.
    """
    models = list(
        dict.fromkeys(
            model
            for placement in placements
            for profile in placement.drill.traffic
            for model in profile.options.get("models", ())
        )
    )
    load: dict[int, float] = defaultdict(float)
    for placement in placements:
        for bin_number, rate_per_s in measure(placement.drill).items():
            load[round(placement.start_s / BIN_S) + bin_number] += rate_per_s
    rate_per_s = max(load.values(), default=0.0)
    if not models or not rate_per_s:
        return ()
    start_s, warm_up_s = -quiet_lead_s - lead_s, lead_s * WARM_UP_SHARE
    return (
        LoadProfile(
            name=WARM_UP_PROFILE,
            scenario="steady",
            start_s=start_s,
            stages=(LoadStage(duration_s=warm_up_s, rate_per_s=2 * len(models) / warm_up_s),),
            options={"models": models},
        ),
        LoadProfile(
            name=CALIBRATION_PROFILE,
            scenario="steady",
            start_s=start_s + warm_up_s,
            stages=(
                LoadStage(duration_s=lead_s * CALIBRATION_TRAFFIC_SHARE - warm_up_s, rate_per_s=rate_per_s),
            ),
            options={"models": models},
        ),
    )
