"""Tests of the spool: what goes in window by window comes out series by series."""

from __future__ import annotations

from array import array
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertdrill.recording import spool as spool_room
from alertdrill.recording.spool import Spool

WINDOWS = st.lists(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 4), max_size=5), max_size=20)


@settings(deadline=None)
@given(WINDOWS, st.integers(1, 5000))
def test_what_goes_in_comes_out_by_series(windows: list[dict[str, int]], held_bytes: int) -> None:
    """Every sample comes out once, in the order of its series and of time, however little memory may hold."""
    expected: dict[str, list[int]] = {}
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(spool_room, "HELD_BYTES", held_bytes)
        patch.setattr(spool_room, "MAX_FILES", 3)
        with Spool(Path(folder)) as spool:
            at = 0
            for window in windows:
                for name, count in window.items():
                    times = list(range(at, at + count))
                    at += count
                    expected.setdefault(name, []).extend(times)
                    spool.add((name, (("l", name),)), array("q", times), array("d", times))
            found = {
                key[0]: [(list(times), list(values)) for times, values in parts]
                for key, parts in spool.list_series()
            }
        assert list(Path(folder).iterdir()) == []
    assert list(found) == sorted(expected)
    for name, parts in found.items():
        assert [at for times, _ in parts for at in times] == expected[name]
        assert [value for _, values in parts for value in values] == expected[name]


def test_what_is_not_read_is_skipped(tmp_path: Path) -> None:
    """A series whose samples nobody looks at does not disturb the next one."""
    with Spool(tmp_path) as spool:
        for name in "ab":
            spool.add((name, ()), array("q", [1]), array("d", [2.0]))
        listed = [list(parts) if key[0] == "b" else [] for key, parts in spool.list_series()]
    assert listed == [[], [(array("q", [1]), array("d", [2.0]))]]
