"""The tests that `make check` leaves out because they take long: those that tests/slow.txt names."""

from __future__ import annotations

from pathlib import Path

LIST = Path(__file__).resolve().parents[1] / "slow.txt"


def read_slow() -> frozenset[str]:
    """Return the ids of the slow tests, each without what it is parametrised with."""
    lines = LIST.read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
