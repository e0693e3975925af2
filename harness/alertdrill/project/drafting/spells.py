"""Whether a rule fires of failures that last for a while, and not for as long as its window. Pure."""

from __future__ import annotations

from dataclasses import replace

from alertdrill.project.drafting.levels import Level
from alertdrill.project.drafting.recognising import Recognised
from alertdrill.project.drafting.timing import Pace

UNSURE = (0.96, 1.06)
"""Whether an alert fires whose value is so near to its threshold is not known."""


def fires_of_spell(rule: Recognised, pace: Pace, level: Level, lasts_s: float, page_s: float) -> bool | None:
    """Say whether a rule fires, and pages, where a level is what is so for a while only.

    None where it may or may not. What its window has of it grows while it lasts, stays, and goes as it came.
    An alert that fires for less than `page_s` may be over before anybody is notified.
    """
    window_s = max(pace.window_s, 1.0)
    shares = []
    for since_s in range(int(lasts_s + window_s) + 1):
        inside_s = min(since_s, lasts_s) - max(0.0, since_s - window_s)
        others = (window_s - inside_s) * level.before.rate_per_s
        own = inside_s * level.then.rate_per_s
        sent = replace(
            level.then,
            rate_per_s=(own + others) / window_s,
            share=level.then.share * own / (own + others) if own else 0.0,
        )
        shares.append(rule.find_share(sent) or 0.0)
    over_s, blur_s = sum(share >= 1 for share in shares), pace.scrape_s + pace.interval_s
    if max(shares) < UNSURE[0] or over_s + blur_s < pace.for_s:
        return False
    return True if max(shares) > UNSURE[1] and over_s - blur_s > pace.for_s + page_s else None
