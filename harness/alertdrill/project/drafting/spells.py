"""Whether a rule fires of failures that last for a while, and not for as long as its window. Pure."""

from __future__ import annotations

from dataclasses import replace

from alertdrill.project.drafting.conditions import Condition
from alertdrill.project.drafting.recognising import Recognised
from alertdrill.project.drafting.timing import Pace

UNSURE = (0.96, 1.06)
"""Whether an alert fires whose value is so near to its threshold is not known."""
STEPS = 1000


def fires_of_spell(rule: Recognised, pace: Pace, then: Condition, lasts_s: float) -> bool | None:
    """Say whether a rule fires where every call fails for so long, and none before and after.

    None where it may or may not. What its window has of failures grows while they last, stays, and goes as
    it came.
    """

    def find_share(failed: float) -> float:
        return rule.find_share(replace(then, share=failed)) or 0.0

    most = min(1.0, lasts_s / pace.window_s) if pace.window_s else 1.0
    if find_share(most) < UNSURE[0]:
        return False
    least = next((step / STEPS for step in range(STEPS + 1) if find_share(step / STEPS) >= 1), 1.0)
    over_s = lasts_s + pace.window_s * (1 - 2 * least)
    blur_s = pace.scrape_s + pace.interval_s
    if over_s + blur_s < pace.for_s:
        return False
    return True if find_share(most) > UNSURE[1] and over_s - blur_s > pace.for_s else None
