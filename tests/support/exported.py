"""A recording in which two alerts fire, and its export as a unit test of promtool's."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.recording.replay.export import export
from alertdrill.recording.replay.promtool import COLLECT_LATE
from alertdrill.rules.files import read_rules
from alertdrill.runtime.binaries import Engines
from support.recordings import make_recording, make_series

RULES = """# Kept as it is.
groups:
  - name: load
    interval: 15s
    rules:
      - record: c:sum
        expr: sum(c)
      - alert: Busy
        expr: c:sum > 5
        for: 30s
        keep_firing_for: 15s
        labels:
          severity: warning
        annotations:
          summary: "{{ $value }} of {{ with query \\"max(c)\\" }}{{ . | first | value }}{{ end }}"
  - name: other
    rules:
      - alert: Down
        expr: up == 0 or absent(up)
"""


def make_steady(
    name: str, values: Sequence[float], *, stale_ms: Sequence[int] = (), **labels: str
) -> RecordedSeries:
    """Return a series with a sample every 15 s."""
    samples = [(15_000 * at, float(value)) for at, value in enumerate(values)]
    return make_series(name, samples, stale_ms=stale_ms, **labels)


def make_busy(**changes: object) -> Recording:
    """Return ten minutes in which Busy fires twice and Down once."""
    recording = make_recording(
        make_steady("c", [1] * 8 + [4, 5, 6, 7] * 2 + [1] * 12 + [9] * 6 + [1] * 7, a="1"),
        make_steady("c", [1] * 41, a="2"),
        make_steady("up", [1] * 30 + [0] * 2 + [1] * 9, instance="x"),
        make_steady("unread", [1] * 41),
        end_ms=600_000,
        selectors=(),
    )
    return replace(recording, **changes)  # type: ignore[arg-type]


def hold(engines: Engines, path: Path) -> str:
    """Return what promtool alone says of a test that fails, and nothing if it passes."""
    done = subprocess.run(
        [engines.promtool, "test", "rules", path],
        env=COLLECT_LATE,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def export_busy(engines: Engines, folder: Path, rules: str = RULES, **changes: object) -> Path:
    """Export `make_busy` over rules that are written to a folder."""
    (folder / "rules.yml").write_text(rules)
    path = folder / "test.yml"
    export(make_busy(**changes), [read_rules(folder / "rules.yml")], engines, path)
    return path


def list_files(folder: Path) -> set[str]:
    """Return the names of all files in a folder, hidden ones too."""
    return {path.name for path in folder.iterdir()}
