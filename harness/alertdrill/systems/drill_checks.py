"""What every drill must be, whatever it is written in."""

from __future__ import annotations

import re
from math import inf

from alertdrill.core.drill import LEAST_BURSTINESS, MOST_BURSTINESS, Drill
from alertdrill.core.expectation import BlindRule, Expectation, Grouped, NearMiss

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class BadName(ValueError):
    """A drill's name that cannot be typed everywhere."""


def check_drill(drill: Drill) -> Drill:
    """Return a drill as it is; raises ValueError for a name, traffic or deadlines that cannot be."""
    if not _NAME.fullmatch(drill.name):
        raise BadName(f"{drill.name!r} is no name for a drill: letters, digits, -, _, . make one")
    stages = [stage for profile in drill.traffic for stage in profile.stages]
    windows = [
        (expected.fires_after_s, expected.fires_within_s)
        for expected in drill.expects
        if isinstance(expected, Expectation)
    ]
    windows += [
        expected.pending_within_s
        for expected in drill.expects
        if isinstance(expected, NearMiss) and expected.pending_within_s is not None
    ]
    if any(not (stage.duration_s >= 0 and stage.rate_per_s >= 0) for stage in stages):
        raise ValueError(f"{drill.name} would send for less than no time")
    if any(not from_s <= to_s for from_s, to_s in windows):
        raise ValueError(f"{drill.name} would have to end before it begins")
    _check_arrivals(drill)
    deadlines = [
        (expected.fires_within_s, expected.resolves_within_s)
        for expected in drill.expects
        if isinstance(expected, Expectation | Grouped)
    ]
    if any(fires_s > resolves_s for fires_s, resolves_s in deadlines):
        raise ValueError(f"{drill.name} expects an alert to resolve before it may fire")
    if any(resolves_s > drill.lasts_s for _, resolves_s in deadlines):
        raise ValueError(f"{drill.name} ends before its last deadline: it lasts {drill.lasts_s:g} s")
    if any(one.after_s >= drill.lasts_s for one in drill.expects if isinstance(one, BlindRule)):
        raise ValueError(f"{drill.name} ends before its rule is to be blind: it lasts {drill.lasts_s:g} s")
    _check_end(drill)
    return drill


def _check_end(drill: Drill) -> None:
    """Raise ValueError for what a drill does after its end, when another may need the same to be well."""
    done = [
        (profile.start_s + told.at_s, f"changes {told.provider}")
        for profile in drill.traffic
        for told in profile.changes
    ]
    done += [(profile.end_s, "ends its traffic") for profile in drill.traffic]
    done += [(outage.at_s + outage.for_s, f"brings {outage.part} back") for outage in drill.outages]
    done += [(fault.at_s + fault.for_s, f"mends {fault.receiver}") for fault in drill.faults]
    done += [(one.at_s + one.for_s, "ends its maintenance") for one in drill.maintenance]
    for at_s, does in done:
        if at_s > drill.lasts_s:
            raise ValueError(
                f"{drill.name} {does} at {at_s:g} s, and lasts {drill.lasts_s:g} s: others come next"
            )


def _check_arrivals(drill: Drill) -> None:
    """Raise ValueError for arrivals that cannot be drawn, and for a trace that is out of order."""
    for profile in drill.traffic:
        burstiness, instants = profile.burstiness, [call.at_s for call in profile.trace]
        if (profile.arrivals == "gamma") != (burstiness is not None):
            raise ValueError(f"{drill.name}: arrivals by gamma have a burstiness, and no others")
        if burstiness is not None and not LEAST_BURSTINESS <= burstiness <= MOST_BURSTINESS:
            raise ValueError(f"{drill.name} has a burstiness of {burstiness:g}: 1 is Poisson, less is bursts")
        if instants != sorted(instants) or any(not 0 <= at_s < inf for at_s in instants[:1] + instants[-1:]):
            raise ValueError(f"{drill.name} has a trace whose calls are not in the order of their instants")
