"""Recordings as OpenMetrics text: one series after another, sorted, its timestamps in seconds.

Format: https://prometheus.io/docs/specs/om/open_metrics_spec/, with names beyond ASCII in quotes, as
Prometheus 3 writes them. What the format has no words for are series, so that it survives a backfill: what
was asked for (`RECORDED`), and staleness markers (`STALE`).
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from operator import ge
from typing import NoReturn

from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput
from alertdrill.recording.instants import KEPT, Times
from alertdrill.recording.recording import RECORDED, STALE, RecordedSeries, Recording, read_speed

MAX_SAMPLES = 25_000_000
"""Of a recording in memory, where they take 16 bytes each."""
MAX_SERIES = 250_000
MAX_TIME_S = 1e12
END = "# EOF\n"

SeriesKey = tuple[str, tuple[tuple[str, str], ...]]
"""A series' name and its other labels, sorted: the order of series in a file."""

_BATCH_LINES = 16_384
_QUOTED_CHARACTERS = 60
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABEL = re.compile(r'(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:\\.|[^"\\])*)")(?:="((?:\\.|[^"\\])*)")?(,|(?=\}))')
_REST = re.compile(r" (\S+)(?: (\S+))?(?: # \{.*)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?Inf|NaN")
# Many read -0 as a whole number, which has no sign.
_WORDS = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf", "-0": "-0.0"}
_COMMENT = re.compile(r"# (?:HELP|TYPE|UNIT) .*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}
# float() takes these, OpenMetrics does not.
_NOT_OF_NUMBERS = "_\t\r\v\f\x1c\x1d\x1e\x1f"


def make_key(labels: Labels) -> SeriesKey:
    """Return by what a series is sorted; labels without a value do not exist."""
    rest = sorted((name, value) for name, value in labels.items() if name != "__name__" and value)
    return labels.get("__name__", ""), tuple(rest)


def render_name(key: SeriesKey) -> str:
    """Return a series as it stands at the start of a line."""
    name, labels = key
    parts = [f"{_render_label_name(label)}={_quote(value)}" for label, value in labels]
    if _NAME.fullmatch(name):
        return f"{name}{{{','.join(parts)}}}" if parts else name
    return f"{{{','.join((_quote(name), *parts))}}}"


def render_series(key: SeriesKey, times_ms: Sequence[int], values: Sequence[float]) -> str:
    """Return the lines of a series."""
    start = render_name(key) + " "
    times = map(_render_time, times_ms)
    return "".join(
        [f"{start}{value} {at}\n" for value, at in zip(_render_values(values), times, strict=True)]
    )


def list_marks(
    selectors: Iterable[str], start_ms: int, end_ms: int, wall_speed: float = 1.0
) -> list[tuple[SeriesKey, array[int], array[float]]]:
    """Return the series that say what a recording was asked for, and at which speed; see `Recording`."""
    speed = (("speed", f"{wall_speed:g}"),) if wall_speed != 1 else ()
    times = array("q", sorted({start_ms, end_ms}))
    ones = array("d", [1.0] * len(times))
    return [
        ((RECORDED, (("selector", selector), *speed)), times, ones) for selector in sorted(set(selectors))
    ]


def make_stale_key(key: SeriesKey) -> SeriesKey:
    """Return the series that says when another was marked stale."""
    return STALE, (("series", render_name(key)),)


def render_recording(recording: Recording) -> Iterator[str]:
    """Yield the text of a recording, series by series."""
    series = list_marks(recording.selectors, recording.start_ms, recording.end_ms, recording.wall_speed)
    for one in recording.series:
        key = make_key(one.labels)
        if one.times_ms:
            series.append((key, one.times_ms, one.values))
        if one.stale_ms:
            series.append((make_stale_key(key), one.stale_ms, array("d", [1.0] * len(one.stale_ms))))
    series.sort(key=lambda item: item[0])
    for key, times_ms, values in series:
        yield render_series(key, times_ms, values)
    yield END


def parse_name(text: str) -> SeriesKey | None:
    """Return the series that `render_name` wrote; None for any other text."""
    try:
        key, end = _parse_series(text)
    except ValueError:
        return None
    return key if end == len(text) else None


def parse_lines(lines: Iterable[str], name: str) -> Recording:
    """Return the recording that lines without their line breaks state; `name` is what messages call it.

    Series may be interleaved, as other programs write them. Raises BadInput, its message starting with
    `name:line: `, for what is no OpenMetrics, is cut off, has no or falling timestamps, and for more than
    `MAX_SAMPLES` samples or `MAX_SERIES` series.
    """
    reader = _Reader(name)
    remaining = iter(lines)
    while batch := list(islice(remaining, _BATCH_LINES)):
        reader.read(batch)
    return reader.finish()


def _render_label_name(name: str) -> str:
    return name if _LABEL_NAME.fullmatch(name) else _quote(name)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _render_values(values: Iterable[float]) -> list[str]:
    """Return values as text, with as many digits as say which float it is."""
    text = "".join([f"{value!r}," for value in values]).replace(".0,", ",")
    words = text.split(",")[:-1]
    return [_WORDS.get(word, word) for word in words] if "n" in text or "-0," in text else words


@lru_cache(KEPT)  # those of one scrape stand in many series
def _render_time(at_ms: int) -> str:
    """Return an instant in seconds.

    Prometheus multiplies them by 1000 and drops what is behind the point: 1.001 is 1000 ms to it. Where that
    bites, the next float stands there, which is still the same to everybody who rounds.
    """
    whole, rest = divmod(abs(at_ms), 1000)
    text = f"{'-' if at_ms < 0 else ''}{whole}.{rest:03}"
    at_s = float(text)
    return text if int(at_s * 1000) == at_ms else repr(math.nextafter(at_s, math.copysign(math.inf, at_s)))


class _Samples:
    """The samples of one series so far."""

    __slots__ = ("times_ms", "values")

    def __init__(self) -> None:
        self.times_ms = array("q")
        self.values = array("d")


class _Reader:
    """Reads the lines of one file; every complaint says where."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = 0
        self._ended = False
        self._count = 0
        self._series: dict[SeriesKey, _Samples] = {}
        self._by_text: dict[str, _Samples] = {}
        self._times = Times(MAX_TIME_S)

    def read(self, lines: Sequence[str]) -> None:
        """Read further lines."""
        at = 0
        while at < len(lines):
            line = lines[at]
            if self._ended:
                self._refuse("something stands after # EOF")
            if line.startswith("#"):
                self._read_comment(line)
                at += 1
                self._line += 1
                continue
            start, samples = self._find_series(line)
            upto = _find_last(lines, at, start)
            if upto == at + 1 or not self._read_many(samples, start, lines[at:upto]):
                for number in range(at, upto):
                    self._read_one(samples, lines[number][len(start) - 1 :])
                    self._line += 1
            at = upto

    def finish(self) -> Recording:
        """Return the recording."""
        if not self._ended:
            self._line = max(self._line - 1, 0)
            self._refuse("the file does not end with # EOF: it was cut off, or is not OpenMetrics")
        marks = {key: self._series.pop(key) for key in list(self._series) if key[0] == RECORDED}
        stale = self._pop_stale()
        instants = [
            at
            for samples in (marks or self._series).values()
            for at in (samples.times_ms[0], samples.times_ms[-1])
        ]
        return Recording(
            name=self._name,
            start_ms=min(instants, default=0),
            end_ms=max(instants, default=0),
            selectors=tuple(sorted(self._read_mark(key, "selector") for key in marks)),
            wall_speed=max((read_speed(dict(key[1])) for key in marks), default=1.0),
            series=tuple(self._make_series(stale)),
        )

    def _make_series(self, stale: dict[SeriesKey, array[int]]) -> Iterator[RecordedSeries]:
        for key in sorted(self._series.keys() | stale.keys()):
            samples = self._series.get(key) or _Samples()
            stale_ms = stale.get(key, array("q"))
            if stale_ms and not set(stale_ms).isdisjoint(samples.times_ms):
                both = min(set(stale_ms) & set(samples.times_ms))
                raise BadInput(
                    f"{self._name}: {_cut(render_name(key))} has a sample at {both / 1000} s, "
                    f"where it is marked stale"
                )
            yield RecordedSeries(
                labels={"__name__": key[0], **dict(key[1])},
                times_ms=samples.times_ms,
                values=samples.values,
                stale_ms=stale_ms,
            )

    def _pop_stale(self) -> dict[SeriesKey, array[int]]:
        """Take the series that are staleness markers out of the others."""
        stale = {}
        for key in [key for key in self._series if key[0] == STALE]:
            text = self._read_mark(key, "series")
            of = parse_name(text)
            if of is None:
                raise BadInput(f"{self._name}: {STALE} names no series: {_cut(text)}")
            stale[of] = self._series.pop(key).times_ms
        return stale

    def _read_mark(self, key: SeriesKey, label: str) -> str:
        value = dict(key[1]).get(label)
        if value is None:
            raise BadInput(f"{self._name}: {key[0]} has no label {label}")
        return value

    def _read_comment(self, line: str) -> None:
        if line == "# EOF":
            self._ended = True
        elif not _COMMENT.fullmatch(line):
            self._refuse(f"this is not OpenMetrics: {_cut(line)}")

    def _find_series(self, line: str) -> tuple[str, _Samples]:
        """Return how a line's series stands at its start, and the samples of that series so far."""
        start = line[: line.find("} ") + 2] if "{" in line else line[: line.find(" ") + 1]
        samples = self._by_text.get(start)
        if samples is not None:
            return start, samples
        try:
            key, end = _parse_series(line)
        except ValueError:
            self._refuse(f"this is not OpenMetrics: {_cut(line)}")
        if not line.startswith(" ", end):
            self._refuse(f"this is not OpenMetrics: {_cut(line)}")
        samples = self._series.get(key)
        if samples is None:
            if len(self._series) >= MAX_SERIES:
                self._refuse(f"there are more than {MAX_SERIES:,} series")
            samples = self._series[key] = _Samples()
        if len(self._by_text) >= MAX_SERIES:
            self._by_text.clear()
        start = line[: end + 1]
        self._by_text[start] = samples
        return start, samples

    def _read_many(self, samples: _Samples, start: str, lines: Sequence[str]) -> bool:
        """Read lines that all start alike, if nothing is special about them."""
        pieces = ("\n" + "\n".join(lines)).split("\n" + start)
        if len(pieces) != len(lines) + 1:
            return False
        text = " ".join(pieces[1:])
        words = text.split(" ")
        is_plain = text.isascii() and not any(character in text for character in _NOT_OF_NUMBERS)
        if len(words) != 2 * len(lines) or not is_plain:
            return False
        try:
            times = array("q", map(self._times.__getitem__, words[1::2]))
            values = array("d", map(float, words[::2]))
        except ValueError:
            return False
        if samples.times_ms and samples.times_ms[-1] >= times[0]:
            return False
        if any(map(ge, times, islice(times, 1, None))):
            return False
        self._add(len(lines))
        samples.times_ms += times
        samples.values += values
        self._line += len(lines)
        return True

    def _read_one(self, samples: _Samples, rest: str) -> None:
        """Read what stands behind the series in one line."""
        if rest.startswith(" {"):
            self._refuse("a native histogram, which OpenMetrics text with alertdrill's series cannot hold")
        match = _REST.fullmatch(rest)
        if match is None or not _NUMBER.fullmatch(match[1]):
            self._refuse(f"this is not a sample's value and timestamp: {_cut(rest.strip())}")
        if match[2] is None:
            self._refuse("a sample has no timestamp: the line was cut off, or nobody recorded this")
        try:
            at_ms = self._times[match[2]] if _NUMBER.fullmatch(match[2]) else None
        except ValueError:
            at_ms = None
        if at_ms is None:
            self._refuse(f"this is not a timestamp in seconds: {_cut(match[2])}")
        if samples.times_ms and at_ms <= samples.times_ms[-1]:
            what = "there twice" if at_ms == samples.times_ms[-1] else "before the sample above it"
            self._refuse(f"the sample at {match[2]} s is {what} in its series")
        self._add(1)
        samples.times_ms.append(at_ms)
        samples.values.append(float(match[1]))

    def _add(self, count: int) -> None:
        self._count += count
        if self._count > MAX_SAMPLES:
            self._refuse(f"there are more than {MAX_SAMPLES:,} samples")

    def _refuse(self, why: str) -> NoReturn:
        raise BadInput(f"{self._name}:{self._line + 1}: {why}")


def _find_last(lines: Sequence[str], at: int, start: str) -> int:
    """Return where lines from `at` on stop to start alike: found in growing steps, so not for certain."""
    step = 1
    while at + step < len(lines) and lines[at + step].startswith(start):
        at += step
        step *= 2
    while step > 1:
        step //= 2
        if at + step < len(lines) and lines[at + step].startswith(start):
            at += step
    return at + 1


def _parse_series(line: str) -> tuple[SeriesKey, int]:
    """Return the series at the start of a line, and where it ends; raises ValueError if there is none."""
    match = _NAME.match(line)
    name, at = (match[0], match.end()) if match else ("", 0)
    labels: dict[str, str] = {}
    if line.startswith("{", at):
        at += 1
        while not line.startswith("}", at):
            match = _LABEL.match(line, at)
            if match is None:
                raise ValueError(line)
            at = match.end()
            bare, quoted, value = match[1], match[2], match[3]
            label = bare if quoted is None else _unescape(quoted)
            if value is None:
                # A name that needs quotes stands between the labels, first.
                if quoted is None or name or labels:
                    raise ValueError(line)
                name = label
            elif label in labels:
                raise ValueError(line)
            else:
                labels[label] = _unescape(value)
        at += 1
    own = labels.pop("__name__", name)
    if not own or (name and own != name):
        raise ValueError(line)
    return make_key({**labels, "__name__": own}), at


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), text)


def _cut(text: str) -> str:
    """Return the beginning of a text, in quotes."""
    return repr(text if len(text) <= _QUOTED_CHARACTERS else text[:_QUOTED_CHARACTERS] + "…")
