"""Make the recording of this folder: `python make_recording.py` writes recordings/run.om.gz.

Nothing here was scraped. It is what a Prometheus would have of twelve nights, each of which held drills at
midnight; between them a textfile collector shows the same values, here every six hours.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

PATH = Path(__file__).resolve().parent / "recordings" / "run.om.gz"
NOTICE = "Made by make_recording.py; no server was scraped."
NIGHTS = 12
DAY_S = 86_400
STEP_S = 6 * 3600
UP_STEP_S = 300
"""How often `up` is scraped: a recording has no gap as long as something was."""
NIGHTLY, WEEKLY, LAPSED = "QueueDeep", "LatencyHigh", "DiskFull"
PROVED = {NIGHTLY: range(NIGHTS), WEEKLY: (0, 6), LAPSED: (0, 9)}
"""In which nights each alert was proved: all, two that are six days apart, and two that are nine apart."""
PAGED_S = {
    NIGHTLY: [41.0] * NIGHTS,
    WEEKLY: [41.0] * 5 + [93.0] * 2 + [44.0] * 5,
    LAPSED: [41.0] * 5 + [161.0] * 2 + [44.0] * 5,
}
"""What each alert's page took, night by night, from firing to page."""
Scrape = tuple[int, float]


def write_recording() -> str:
    """Return the recording's text."""
    names = ("alertdrill_drill_outcome", "alertdrill_hop_seconds", "alertdrill_last_success_timestamp")
    until_s = NIGHTS * DAY_S
    lines = [f"# HELP alertdrill_recorded {NOTICE}"]
    for name in names:
        lines += [f'alertdrill_recorded{{selector="{name}"}} 1 {at_s}' for at_s in (0, until_s)]
    for name, labels, scrapes in sorted(list_series(), key=lambda one: (one[0], sorted(one[1].items()))):
        written = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        lines += [f"{name}{{{written}}} {value:g} {at_s:g}" for at_s, value in scrapes]
    return "\n".join([*lines, "# EOF", ""])


def list_series() -> Iterator[tuple[str, Mapping[str, str], list[Scrape]]]:
    """Yield each series: its name, its labels and what was scraped of it."""
    yield "up", {"job": "node"}, [(at_s, 1.0) for at_s in range(0, NIGHTS * DAY_S + 1, UP_STEP_S)]
    for alert, nights in PROVED.items():
        drill = {"system": "shop", "drill": f"{alert.lower()}-fires"}
        for outcome in ("met", "unmet", "unobserved", "could_not_tell"):
            values = [float((outcome == "met") == (night in nights)) for night in range(NIGHTS)]
            if outcome not in {"met", "unmet"}:
                values = [0.0] * NIGHTS
            yield "alertdrill_drill_outcome", {**drill, "outcome": outcome}, scrape(values)
        last = [max(at for at in nights if at <= night) for night in range(NIGHTS)]
        proved_s = [float(night * DAY_S) for night in last]
        yield "alertdrill_last_success_timestamp", {"system": "shop", "alert": alert}, scrape(proved_s)
        hop = {**drill, "alert": alert, "hop": "firing_to_paged"}
        yield "alertdrill_hop_seconds", hop, scrape(PAGED_S[alert])
        yield "alertdrill_hop_seconds", {**hop, "hop": "resolved_to_closed"}, scrape([52.0] * NIGHTS)


def scrape(nights: list[float]) -> list[Scrape]:
    """Return what a collector shows of values that each night's run renews."""
    return [(at_s, nights[min(at_s // DAY_S, NIGHTS - 1)]) for at_s in range(0, NIGHTS * DAY_S + 1, STEP_S)]


if __name__ == "__main__":
    PATH.write_bytes(gzip.compress(write_recording().encode(), mtime=0))
