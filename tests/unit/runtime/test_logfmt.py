"""Tests of how lines of Prometheus's and Alertmanager's logs are read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.runtime.logfmt import MAX_LINE_CHARACTERS, Line, read_lines

OLD = (
    "ts=2026-11-21T12:00:00.250Z caller=dispatch.go:515 level=debug component=dispatcher "
    r'aggrGroup="{}/{alertname=\"A\"}:{alertname=\"A\"}" msg=flushing alerts=[A[0011223][active]]'
)
NEW = (
    "time=2026-11-21T12:00:00.250Z level=DEBUG source=dispatch.go:730 msg=flushing component=dispatcher "
    r'aggrGroup="{}/{alertname=\"A\"}:{alertname=\"A\"}" alerts=[A[0011223][active]]'
)
AT_S = 1795262400.25


@pytest.mark.parametrize("raw", [OLD, NEW], ids=["0.25", "0.33"])
def test_a_line_of_either_generation_says_when_how_grave_and_what(raw: str) -> None:
    """Both forms are read alike, and a quoted value is unquoted."""
    (line,) = read_lines([raw])
    assert (line.at_s, line.level, line.said) == (AT_S, "debug", "flushing")
    assert line.fields["aggrGroup"] == '{}/{alertname="A"}:{alertname="A"}'
    assert line.fields["component"] == "dispatcher"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "panic: runtime error",
        "goroutine 1 [running]:",
        "ts=yesterday msg=x",
        "level=info msg=x",
        "ts= x=y",
    ],
)
def test_what_is_no_line_of_a_log_is_passed_over(raw: str) -> None:
    """A panic, a line without an instant, or an unfinished one does not stop the reading of the rest."""
    assert [line.said for line in read_lines([raw, OLD])] == ["flushing"]


def test_a_value_that_json_cannot_unquote_is_kept_as_it_stands() -> None:
    """Go quotes bytes that are no UTF-8 in a way that JSON does not know."""
    (line,) = read_lines([r'ts=2026-11-21T12:00:00Z level=warn msg="a\xffb"'])
    assert line == Line(at_s=AT_S - 0.25, level="warn", said=r"a\xffb", fields={})


def test_a_very_long_line_is_read_up_to_a_bound() -> None:
    """What stands beyond the bound is not looked at."""
    (line,) = read_lines([OLD + " x=" + "y" * MAX_LINE_CHARACTERS + " last=z"])
    assert "last" not in line.fields


@given(st.dictionaries(st.from_regex(r"\A[a-z]{2,8}\Z"), st.text(st.characters(codec="ascii"))))
def test_quoted_values_are_read_back(fields: dict[str, str]) -> None:
    """Whatever a value is, its quoted form gives it back."""
    stated = {name: value for name, value in fields.items() if name not in {"ts", "time", "level", "msg"}}
    raw = "ts=2026-11-21T12:00:00Z " + " ".join(f"{n}={json.dumps(v)}" for n, v in stated.items())
    (line,) = read_lines([raw])
    assert line.fields == stated
