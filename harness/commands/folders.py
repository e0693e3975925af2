"""The folder that reports and logs are written to."""

from __future__ import annotations

from pathlib import Path

from harness.errors import BadInput
from harness.stacks import PARTS, PEER
from harness.traffic import MAX_WORKERS

REPORTS = ("timeline.json", "junit.xml", "report.html", "recording.om.gz")
LOGS = (
    *(f"{part}.log" for part in (*PARTS, PEER, "locust", "prepare", "compose")),
    *(f"locust-worker-{number}.log" for number in range(1, MAX_WORKERS + 1)),
    "traffic.json",
    "traffic-plan.json",
)
"""The files that a run writes; the next one removes exactly these."""


def prepare_folder(out: Path) -> None:
    """Make the folder for reports and logs, without any of an earlier run.

    Raises BadInput when it cannot be written.
    """
    try:
        logs = out / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        (out / "history").mkdir(exist_ok=True)
        for path in [*(logs / name for name in LOGS), *(out / name for name in REPORTS)]:
            path.unlink(missing_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInput(f"{out}: cannot be written to: {error.strerror}") from error
