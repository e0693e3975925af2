"""tests/slow.txt: what it names is there, and what holds rules and code to what they are is not in it."""

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


def test_neither_the_gate_nor_the_structure_of_the_code_is_among_them() -> None:
    """`make check` says of each rule whether it passes on its recordings, of each module where it belongs."""
    kept = ("recordings", "architecture", "one_place_looks", "one_place_writes", "file_lengths")
    files = {f"tests/project/test_{name}.py" for name in kept}
    assert not [name for name in read_slow() if name.partition("::")[0] in files]
