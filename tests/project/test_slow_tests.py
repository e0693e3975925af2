"""tests/slow.txt: what it names is there, and what holds rules to their recordings is not in it."""

from __future__ import annotations

from support.slow_tests import LIST, read_slow
from support.whole_runs import ROOT


def test_every_test_that_is_named_is_there() -> None:
    """One that was renamed would run in `make check` again, and nobody would know why it takes so long."""
    named = [name.split("::") for name in read_slow()]
    missing = [
        "::".join(parts) for parts in named if f"def {parts[-1]}(" not in (ROOT / parts[0]).read_text()
    ]
    assert not missing


def test_they_stand_in_order_and_once() -> None:
    """So that two changes of the list are seen as what they are."""
    lines = [line for line in LIST.read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))


def test_the_gate_is_not_among_them() -> None:
    """`make check` says of every rule whether it passes on its recordings."""
    assert not [name for name in read_slow() if name.startswith("tests/project/test_recordings.py")]
