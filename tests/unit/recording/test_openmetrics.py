"""Tests of recordings as OpenMetrics text."""

from __future__ import annotations

import math
import random
import struct
from contextlib import suppress
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_fd_to_metric_families
from support.recordings import make_labelled, make_recording, make_series

from alertdrill.errors import BadInput
from alertdrill.recording.openmetrics import parse_lines, render_recording
from alertdrill.recording.recording import RecordedSeries, Recording

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "__name__")


def render(recording: Recording) -> str:
    """Return the whole text of a recording."""
    return "".join(render_recording(recording))


def read_back(text: str) -> Recording:
    """Return the recording that a text states."""
    return parse_lines(text.removesuffix("\n").split("\n") if text else [], "made")


def describe(series: RecordedSeries) -> tuple[object, ...]:
    """Return a series so that NaN is equal to NaN, and 0 is not -0."""
    bits = [struct.pack("<d", math.nan if math.isnan(value) else value) for value in series.values]
    return sorted(series.labels.items()), list(series.times_ms), bits, list(series.stale_ms)


@st.composite
def any_series(draw: st.DrawFn, earliest_ms: int = -(10**10)) -> RecordedSeries:
    """Make a series of any labels, instants and values."""
    labels = draw(st.dictionaries(NAMES, TEXTS, max_size=3))
    instants = sorted(draw(st.sets(st.integers(earliest_ms, 4 * 10**12), min_size=1, max_size=6)))
    stale = draw(st.sets(st.sampled_from(instants)))
    return make_labelled(
        {"__name__": draw(NAMES), **labels},
        [(at, draw(st.floats())) for at in instants if at not in stale],
        stale_ms=sorted(stale),
    )


@settings(deadline=None)
@given(st.lists(any_series(), max_size=5, unique_by=lambda one: tuple(sorted(one.labels.items()))))
def test_a_recording_reads_back_as_it_was(series: list[RecordedSeries]) -> None:
    """Labels, instants, values to the last bit, staleness, range and selectors survive the text."""
    recording = make_recording(*series, start_ms=-5, end_ms=10**12, selectors=('a{b="\\"c\\n"}', "up"))
    read = read_back(render(recording))
    assert [describe(one) for one in read.series] == [describe(one) for one in recording.series]
    assert (read.start_ms, read.end_ms, read.selectors) == (-5, 10**12, recording.selectors)
    assert render(read) == render(recording)


def test_a_recording_says_the_speed_of_its_run() -> None:
    """Of a gateway in wall time; one at speed 1 says nothing, as those that were written before."""
    recording = replace(make_recording(make_series("x", [(0, 1.0), (15_000, 2.0)])), wall_speed=12.5)
    text = render(recording)
    assert 'speed="12.5"' in text
    assert read_back(text).wall_speed == 12.5
    plain = render(replace(recording, wall_speed=1.0))
    assert "speed" not in plain
    assert read_back(plain).wall_speed == 1


def test_an_upper_case_label_does_not_change_where_a_series_stands() -> None:
    """A series without a label comes before one that has it, whatever letters the label has."""
    recording = make_recording(make_series("a", [(0, 1.0)], A="0"), make_series("a", [(0, 1.0)]))
    read = read_back(render(recording))
    assert [describe(one) for one in read.series] == [describe(one) for one in recording.series]
    assert [dict(one.labels) for one in read.series] == [{"__name__": "a"}, {"__name__": "a", "A": "0"}]


def has_plain_names(series: RecordedSeries) -> bool:
    """Whether the reference takes the labels: a client has those reserved that begin with two underscores."""
    return not any(name.startswith("__") for name in series.labels if name != "__name__")


# The reference takes -0.001 for 0.001.
@settings(deadline=None)
@given(
    st.lists(
        any_series(0).filter(has_plain_names),
        max_size=5,
        unique_by=lambda one: tuple(sorted(one.labels.items())),
    )
)
def test_the_reference_parser_reads_the_same_samples(series: list[RecordedSeries]) -> None:
    """prometheus-client's strict parser finds every sample where it is, with its value."""
    recording = make_recording(*series)
    found: dict[tuple[object, ...], list[tuple[int, bytes]]] = {}
    for family in text_fd_to_metric_families(StringIO(render(recording), newline="\n")):
        for sample in family.samples:
            assert sample.timestamp is not None
            identity = (sample.name, tuple(sorted(sample.labels.items())))
            value = math.nan if math.isnan(sample.value) else sample.value
            at_ms = round(float(sample.timestamp) * 1000)
            found.setdefault(identity, []).append((at_ms, struct.pack("<d", value)))
    for one in recording.series:
        labels = dict(one.labels)
        identity = (labels.pop("__name__"), tuple(sorted(labels.items())))
        _, times, bits, _ = describe(one)
        assert found.pop(identity, []) == list(zip(times, bits, strict=True))
    assert {name for name, _ in found} <= {"alertdrill_recorded", "alertdrill_stale"}


@settings(deadline=None)
@given(st.integers(-(10**10), 4 * 10**12))
def test_prometheus_reads_the_same_millisecond(at_ms: int) -> None:
    """Prometheus multiplies seconds by 1000 and drops the rest, which must be the instant that was meant."""
    at_s = float(render(make_recording(make_series("a", [(at_ms, 1.0)]), selectors=())).split()[2])
    assert int(at_s * 1000) == at_ms
    assert round(at_s * 1000) == at_ms


def test_the_text_is_sorted_and_says_what_was_asked_for() -> None:
    """One series after another, each line with its timestamp; selectors and staleness are series too."""
    recording = make_recording(
        make_series("up", [(0, 1.0), (15_250, 0.0)], job="b"),
        make_series("a", [(0, math.nan)], stale_ms=[15_000], x="1"),
        make_series("up", [(1, math.inf)], job="a"),
        end_ms=15_250,
    )
    assert render(recording).splitlines() == [
        'a{x="1"} NaN 0.000',
        'alertdrill_recorded{selector="up"} 1 0.000',
        'alertdrill_recorded{selector="up"} 1 15.250',
        'alertdrill_stale{series="a{x=\\"1\\"}"} 1 15.000',
        'up{job="a"} +Inf 0.001',
        'up{job="b"} 1 0.000',
        'up{job="b"} 0 15.250',
        "# EOF",
    ]


def test_names_beyond_ascii_stand_in_quotes() -> None:
    """A UTF-8 name is written as Prometheus 3 writes it, and read back."""
    recording = make_recording(make_labelled({"__name__": "my.metric", "a.b": "c"}, [(0, 1.0)]))
    assert '{"my.metric","a.b"="c"} 1 0.000\n' in render(recording)
    assert read_back(render(recording)).series == recording.series


def test_what_others_write_is_read() -> None:
    """HELP, TYPE, UNIT, exemplars, interleaved series, any order of labels and no fraction: all fine."""
    read = read_back(
        "# HELP a_total Some.\n# TYPE a counter\n"
        'a_total{x="1",y="2"} 1 10 # {trace="} 7 8"} 1 9\n'
        "b 1e3 10\n"
        'a_total{y="2",x="1"} 2.5 25.5\n'
        'b{empty=""} .5 25\n'
        "# EOF"
    )
    assert [describe(one) for one in read.series] == [
        describe(make_series("a_total", [(10_000, 1.0), (25_500, 2.5)], x="1", y="2")),
        describe(make_series("b", [(10_000, 1000.0), (25_000, 0.5)])),
    ]
    assert (read.selectors, read.start_ms, read.end_ms) == ((), 10_000, 25_500)


def test_series_may_be_shuffled_line_by_line() -> None:
    """Lines of many series in the order of time are read as if they were sorted by series."""
    many = [make_series("a", [(at * 1000, float(at)) for at in range(50)], i=str(i)) for i in range(20)]
    recording = make_recording(*many, selectors=())
    lines = render(recording).splitlines()[:-1]
    random.Random(1).shuffle(lines)  # noqa: S311 - no secret
    lines.sort(key=lambda line: float(line.split()[-1]))
    assert read_back("\n".join([*lines, "# EOF"])).series == recording.series


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "made:1: the file does not end with # EOF"),
        ("a 1 0\na 1 15", "made:2: the file does not end with # EOF"),
        ("a 1 0\n# EOF\nb 1 0", "made:3: something stands after # EOF"),
        ("a 1 0\na 2 15\na 1 14.5\na 1 30\n# EOF", "made:3: the sample at 14.5 s is before the sample above"),
        ("b 1 0\na 1 15\na 2 15\n# EOF", "made:3: the sample at 15 s is there twice in its series"),
        ('a{x="1"} 1 0\nb 1 0\na{x="1"} 1 0\n# EOF', "made:3: the sample at 0 s is there twice"),
        ("a 1 1.0001\na 1 1.0002\n# EOF", "made:2: the sample at 1.0002 s is there twice"),
        ("a 1 0\na 1\n# EOF", "made:2: a sample has no timestamp"),
        ("a 1 0\na {count:2,sum:3} 15\n# EOF", "made:2: a native histogram"),
        ("a 1 1700000000000\n# EOF", "made:1: this is not a timestamp in seconds: '1700000000000'"),
        ("a 1 NaN\n# EOF", "made:1: this is not a timestamp in seconds"),
        ("a 1 0\na 1_0 15\n# EOF", "made:2: this is not a sample's value and timestamp: '1_0 15'"),
        ("a 1 0\na 1 15\r\n# EOF", "made:2: this is not"),
        ("a 1 0\n\na 1 15\n# EOF", "made:2: this is not OpenMetrics"),
        ("# a comment\n# EOF", "made:1: this is not OpenMetrics: '# a comment'"),
        ("# EOF ", "made:1: this is not OpenMetrics"),
        ('{"series": []}', "made:1: this is not OpenMetrics"),
        ('a{x="1" 1 0\n# EOF', "made:1: this is not OpenMetrics"),
        ('a{x="1",x="2"} 1 0\n# EOF', "made:1: this is not OpenMetrics"),
        ('{x="1"} 1 0\n# EOF', "made:1: this is not OpenMetrics"),
        ("a 1 0 15\n# EOF", "made:1: this is not a sample's value and timestamp"),
        ("a  1 0\n# EOF", "made:1: this is not a sample's value and timestamp"),
        ("nan 5\n# EOF", "made:1: a sample has no timestamp"),
        ("alertdrill_recorded 1 0\n# EOF", "made: alertdrill_recorded has no label selector"),
        ('alertdrill_stale{series="a{"} 1 0\n# EOF', "made: alertdrill_stale names no series: 'a{'"),
        (
            'a 1 0\nalertdrill_stale{series="a"} 1 0\n# EOF',
            "made: 'a' has a sample at 0.0 s, where it",
        ),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(text: str, complaint: str) -> None:
    """Each fault is one sentence that names the place."""
    with pytest.raises(BadInput) as caught:
        read_back(text)
    assert str(caught.value).startswith(complaint)


@settings(deadline=None)
@given(st.text(st.sampled_from('a1{}" =,\\n#.\n_EOF+-N')))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail in another way."""
    with suppress(BadInput):
        recording = read_back(text)
        assert text.removesuffix("\n").endswith("# EOF")
        assert isinstance(replace(recording, name="again"), Recording)


def test_samples_and_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More samples or series than the bounds allow are refused, not held."""
    text = render(make_recording(*(make_series("a", [(0, 1.0), (1, 1.0)], i=str(i)) for i in range(10))))
    monkeypatch.setattr("alertdrill.recording.openmetrics.MAX_SAMPLES", 15)
    with pytest.raises(BadInput, match=r"there are more than 15 samples"):
        read_back(text)
    monkeypatch.setattr("alertdrill.recording.openmetrics.MAX_SERIES", 5)
    with pytest.raises(BadInput, match=r"made:11: there are more than 5 series"):
        read_back(text)
