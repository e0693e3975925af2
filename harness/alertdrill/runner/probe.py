"""The traffic of a run: what calibration and the probe send, beside what the drills do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alertdrill.core.drill import BehaviourChange, LoadProfile, LoadStage, Placement
from alertdrill.runner.faults.outages import interrupt

CALIBRATION_TRAFFIC_SHARE = 0.65
"""The rest of the calibration is silent, so that what was sent is answered, scraped and reported."""
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
PROBE_PROFILE = "probe"

Window = tuple[float, float]
"""From when to when, rule time."""


def list_profiles(
    placements: Sequence[Placement], until_s: float, lead_s: float, outages: Sequence[Window]
) -> tuple[LoadProfile, ...]:
    """Return all traffic of the run, in the run's time: calibration, the probe, the drills' load profiles.

    The probe is one model with a constant latency, called through the whole run; what it takes longer than
    that is the overhead of gateway and client. It is silent while an outage makes it wait. Calibration
    takes the `lead_s` before the run's origin.
    """
    changes = (
        BehaviourChange(
            at_s=0.0,
            provider=PROBE_PROVIDER,
            model=PROBE_MODEL,
            behaviour={"latency": {"kind": "constant", "s": PROBE_LATENCY_S}},
        ),
    )
    options = {"models": [f"{PROBE_PROVIDER}:{PROBE_MODEL}"], "key": "alertdrill-probe"}
    calibration = LoadProfile(
        name=CALIBRATION_PROFILE,
        scenario="steady",
        start_s=-lead_s,
        stages=(LoadStage(duration_s=lead_s * CALIBRATION_TRAFFIC_SHARE, rate_per_s=CALIBRATION_RATE_PER_S),),
        changes=changes,
        options=options,
        prefix=PROBE_PREFIX,
    )
    probe = LoadProfile(
        name=PROBE_PROFILE,
        scenario="steady",
        start_s=0.0,
        stages=(LoadStage(duration_s=until_s - SETTLE_S, rate_per_s=PROBE_RATE_PER_S),),
        options=options,
        prefix=PROBE_PREFIX,
    )
    drills = (
        replace(profile, start_s=placement.start_s + profile.start_s, prefix=placement.drill.system)
        for placement in placements
        for profile in placement.drill.traffic
    )
    return calibration, interrupt(probe, outages), *drills
