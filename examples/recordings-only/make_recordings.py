"""Make the recordings of this folder: `python make_recordings.py` writes NAME/recording.om.gz of each.

Nothing here was scraped. Each recording is what a Prometheus would have of the scenes in `scenes.py`, if a
server showed its metrics by the names, types and labels that its documentation gives.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from kinds import LASTS_S, Metric, list_scrapes, write_name
from scenes import SYSTEMS

HERE = Path(__file__).resolve().parent
NOTICE = "Made by make_recordings.py from documented names of metrics; no server was scraped."


def write_recording(metrics: Iterable[Metric], asked: Iterable[str]) -> str:
    """Return a recording of metrics.

    `asked` are names that rules may read, whether there are such series or not: one that is asked for and is
    not there did not exist.
    """
    series = sorted((one for metric in metrics for one in metric.sample()), key=lambda one: one[0])
    recorded = [
        (write_name("alertdrill_recorded", {"selector": name}), at_s)
        for name in sorted(asked)
        for at_s in (0, LASTS_S)
    ]
    lines = [f"# HELP alertdrill_recorded {NOTICE}", *(f"{name} 1 {at_s:.3f}" for name, at_s in recorded)]
    for name, values in series:
        scraped = zip(list_scrapes(), values, strict=True)
        lines += [f"{name} {value:.10g} {at_s:.3f}" for at_s, value in scraped if value is not None]
    return "\n".join([*lines, "# EOF", ""])


def main() -> None:
    """Write every recording, the same bytes each time."""
    for folder, (metrics, asked) in SYSTEMS.items():
        text = write_recording(metrics, asked)
        (HERE / folder / "recording.om.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
