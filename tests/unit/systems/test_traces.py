"""Traces: files of calls that somebody's models got."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.core.drill import LoadStage, TracedCall
from alertdrill.errors import BadInput
from alertdrill.systems.drill_building import traces
from alertdrill.systems.drill_building.traces import MAX_LINE_BYTES, read_trace
from alertdrill.systems.drill_building.traffic import send_trace, sum_up
from alertdrill.systems.drill_files.drills import Defaults, read_drills

AZURE = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:16:46.6805900,879,55
"""
AZURE_2024 = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00.009930+00:00,2162,5
2024-05-10 00:00:01.009930+00:00,2399,6
"""
BURST_GPT = """\
Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
5,,1.2,ChatGPT,472,18,490,Conversation log
45,,0,ChatGPT,1087,0,1087,"Conversation log, failed"
45,,0,GPT-4,417,276,693,Conversation log
"""
HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens\n"


def read(tmp_path: Path, content: str | bytes, **options: float) -> tuple[TracedCall, ...]:
    """Return the calls of a trace with this content."""
    path = tmp_path / "trace.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_trace(path, **options)


def call(at_s: float, prompt: int, answer: int) -> TracedCall:
    """Return a call."""
    return TracedCall(at_s=at_s, prompt_tokens=prompt, answer_tokens=answer)


def test_azures_trace_is_read(tmp_path: Path) -> None:
    """Its dates have seven digits after the point, and a zone or none."""
    assert read(tmp_path, AZURE) == (call(0, 374, 44), call(4.314579, 396, 109), call(60, 879, 55))
    assert read(tmp_path, AZURE_2024) == (call(0, 2162, 5), call(1, 2399, 6))


def test_burst_gpt_is_read(tmp_path: Path) -> None:
    """Its times are seconds, its failed calls have no answer, and it has more columns."""
    assert read(tmp_path, BURST_GPT) == (call(0, 472, 18), call(40, 1087, 0), call(40, 417, 276))


def test_what_an_editor_adds_does_not_matter(tmp_path: Path) -> None:
    """A byte order mark, the other end of a line, a blank line, no end of the last one."""
    assert read(tmp_path, "\ufeff" + AZURE.replace("\n", "\r\n\r\n").rstrip()) == read(tmp_path, AZURE)


def test_only_the_beginning_is_read_where_that_is_asked_for(tmp_path: Path) -> None:
    """What comes after it may be anything."""
    assert len(read(tmp_path, AZURE + "2023-11-16 18:20:00,x,y\n", lasts_s=60)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ":1: the file is empty"),
        (HEADER, ":1: the trace has no call"),
        ("time,prompt,answer\n1,2,3\n", ":1: the columns are 'time, prompt, answer'"),
        ("TIMESTAMP,TIMESTAMP,ContextTokens,GeneratedTokens\n1,1,2,3\n", ":1: the columns are"),
        (HEADER + "1,2\n", ":2: this line has 2 columns, the first 3"),
        (HEADER + "1,2,3\n2,2,3,4\n", ":3: this line has 4 columns"),
        (HEADER + "1,2,3\n2,2\0,3\n", ":3: this line has a NUL in it"),
        (HEADER + "-1,2,3\n", ":2: the time -1 is not a number of seconds from 0 up"),
        (HEADER + "nan,2,3\n", ":2: the time nan is not"),
        (HEADER + "inf,2,3\n", ":2: the time inf is not"),
        (HEADER + "soon,2,3\n", ":2: 'soon' is no time"),
        (HEADER + "5,2,3\n4,2,3\n", ":3: the time 4 is before that of the call above"),
        (
            HEADER + "5,2,3\n2023-11-16 18:15:46,2,3\n",
            ":3: the time '2023-11-16 18:15:46' is written otherwise",
        ),
        (
            AZURE + "2023-11-16 18:17:00+00:00,2,3\n",
            ":5: the time '2023-11-16 18:17:00+00:00' is written other",
        ),
        (HEADER + "0,2,3\n99999999,2,3\n", ":3: the time 99999999 is more than a year"),
        (HEADER + "1,-2,3\n", ":2: '-2' is no number of tokens"),
        (HEADER + "1,2,1000001\n", ":2: '1000001' is no number of tokens"),
        (HEADER + "1,²,3\n", ":2: '²' is no number of tokens"),
        (HEADER + '1,"2,3\n', ":2: this line is no CSV"),
        (HEADER.encode() + b"1,\xff,3\n", ":2: the file is not UTF-8"),
        ("x" * (MAX_LINE_BYTES + 1), f":1: this line is longer than {MAX_LINE_BYTES} bytes"),
    ],
)
def test_what_is_no_trace_is_refused_with_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    """File and line, and why."""
    with pytest.raises(BadInput) as refused:
        read(tmp_path, content)
    assert str(refused.value).startswith(f"{tmp_path / 'trace.csv'}{said}")


def test_a_trace_of_ten_megabytes_is_refused_at_the_call_that_is_too_much(tmp_path: Path) -> None:
    """As soon as it is there, and its beginning can be sent all the same."""
    content = HEADER + "".join(f"{index / 100:014.6f},0000001000,000000100\n" for index in range(300_000))
    assert len(content) > 10_000_000
    with pytest.raises(
        BadInput, match=f":{traces.MAX_CALLS + 2}: the trace has more than {traces.MAX_CALLS} calls"
    ):
        read(tmp_path, content)
    assert len(read(tmp_path, content, lasts_s=10)) == 1_000


@given(st.binary(max_size=300), st.booleans())
def test_whatever_is_in_a_file_it_is_read_or_refused(
    tmp_path_factory, content: bytes, has_header: bool
) -> None:
    """Never anything else."""
    path = tmp_path_factory.mktemp("fuzz") / "trace.csv"
    path.write_bytes(HEADER.encode() * has_header + content)
    try:
        assert read_trace(path)
    except BadInput as refused:
        assert str(path) in str(refused)  # noqa: PT017 - either is right


@pytest.mark.parametrize("what", ["missing", "folder", "device"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    """Nobody waits for a device."""
    path = {"missing": tmp_path / "none.csv", "folder": tmp_path, "device": Path("/dev/zero")}[what]
    with pytest.raises(BadInput, match="cannot be read"):
        read_trace(path)


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1))
def test_a_trace_sums_up_to_a_stage_of_as_many_calls(instants: list[float]) -> None:
    """It ends after the last call, and not more than a second after."""
    ordered = sorted(instants)
    stage = sum_up(tuple(call(at_s - ordered[0], 1, 1) for at_s in ordered))
    assert stage.duration_s * stage.rate_per_s == pytest.approx(len(instants))
    assert 0 < stage.duration_s - (ordered[-1] - ordered[0]) <= 1


def test_a_drill_in_yaml_names_a_trace_beside_it(tmp_path: Path) -> None:
    """It is the same as in Python."""
    (tmp_path / "azure.csv").write_text(AZURE)
    drills = tmp_path / "drills.yml"
    drills.write_text(
        "drills:\n- {name: d, why: w, expect: [], traffic: "
        "[{scenario: steady, trace: azure.csv, lasts: 30s, at: 1m, models: [m]}]}\n"
    )
    (drill,) = read_drills([drills], Defaults(system="s"))
    trace = read_trace(tmp_path / "azure.csv", lasts_s=30)
    assert drill.traffic == (send_trace("d", "steady", trace, lasts_s=30, start_s=60, models=["m"]),)
    assert drill.traffic[0].stages == (LoadStage(duration_s=30, rate_per_s=2 / 30),)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            "trace: none.csv",
            ":3: the trace of a load profile of the drill 'd': {folder}/none.csv: cannot be read",
        ),
        (
            "trace: bad.csv",
            ":3: the trace of a load profile of the drill 'd': {folder}/bad.csv:2: '-1' is no number",
        ),
        (
            "trace: bad.csv, rate: 1/s",
            ":3: a load profile of the drill 'd' has a trace, which says when calls come",
        ),
        ("trace: bad.csv, lasts: 0s", ":3: lasts of a load profile of the drill 'd' is 0"),
        ("rate: 1/s, lasts: 1m, arrivals: gamma", ":3: a load profile of the drill 'd' has no burstiness"),
        (
            "rate: 1/s, lasts: 1m, burstiness: 1",
            ":3: a load profile of the drill 'd' has a burstiness, which only",
        ),
        ("rate: 1/s, lasts: 1m, arrivals: gamma, burstiness: 0", ":3: burstiness of a load profile"),
    ],
)
def test_mistakes_in_a_drill_have_its_line(tmp_path: Path, fields: str, said: str) -> None:
    """And that of the trace, where the mistake is there."""
    (tmp_path / "bad.csv").write_text(HEADER + "1,-1,3\n")
    drills = tmp_path / "drills.yml"
    drills.write_text(
        f"drills:\n- {{name: d, why: w, expect: [], traffic: [\n  {{scenario: steady, {fields}}}]}}\n"
    )
    with pytest.raises(BadInput) as refused:
        read_drills([drills], Defaults(system="s"))
    assert str(refused.value).startswith(f"{drills}{said.format(folder=tmp_path)}")
