"""Recordings and rules of any size, always the same."""

from __future__ import annotations

import json
from array import array
from itertools import accumulate

from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.rules.files import RuleFile, parse_rules

METRICS = 20
"""How many metrics the series are of, and the rules read one each, in turn."""
SCRAPE_S = 15


def make_recording(series: int, length_s: int) -> Recording:
    """Return a recording of counters that grow unevenly, scraped every 15 s."""
    scrapes = length_s // SCRAPE_S
    times = array("q", range(0, scrapes * SCRAPE_S * 1000, SCRAPE_S * 1000))
    return Recording(
        name=f"{series} series",
        start_ms=0,
        end_ms=length_s * 1000,
        selectors=(),
        series=tuple(
            RecordedSeries(
                labels={"__name__": f"m{number % METRICS}_total", "job": f"j{number % 7}", "n": str(number)},
                times_ms=times,
                values=array(
                    "d", accumulate((number * 7919 + scrape * 104_729) % 50 for scrape in range(scrapes))
                ),
                stale_ms=array("q"),
            )
            for number in range(series)
        ),
    )


def make_rules(rules: int, series: int) -> RuleFile:
    """Return that many alerts on rates of five minutes, of which a few fire now and then."""
    metrics = min(METRICS, series)
    alerts = [
        {
            "alert": f"A{number}",
            "expr": f"sum by (job) (rate(m{number % metrics}_total[5m])) > {_find_threshold(number, series)}",
            "for": "1m",
            "labels": {"severity": "page"},
            "annotations": {"summary": "{{ $labels.job }} counts {{ $value }}"},
        }
        for number in range(rules)
    ]
    return parse_rules(json.dumps({"groups": [{"name": "g", "rules": alerts}]}), "made.yml")


def _find_threshold(number: int, series: int) -> float:
    """Return what one rule in ten exceeds at times: series of a job count 25 in 15 s on the average."""
    expected = 25 / SCRAPE_S * max(1, series / METRICS / 7)
    return expected * (1.05 if number % 10 == 0 else 3.0)
