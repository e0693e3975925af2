"""A table of label sets with the receivers that each is expected to reach, as people keep for routing tests.

A table is CSV or YAML; `csv_table.py` and `yaml_table.py` say how each is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alertdrill.core.wording import say_labels, say_names
from alertdrill.errors import BadInput
from alertdrill.rules.fields import say_nearest
from alertdrill.runner.routing.csv_table import parse_csv
from alertdrill.runner.routing.subjects import Subject
from alertdrill.runner.routing.table_rows import TableRow
from alertdrill.runner.routing.yaml_table import is_yaml, parse_yaml
from alertdrill.runtime.reading import decode_text, read_bytes

MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """A label set, and the receivers that it is to reach; one that two routes notify is there twice."""

    subject: Subject
    receivers: tuple[str, ...]


def read_label_sets(path: Path, known: Collection[str]) -> tuple[tuple[LabelSet, ...], tuple[str, ...]]:
    """Return the label sets of a table, and notes; `known` are the config's receivers.

    Raises BadInput, with `file:line`, for what is no table, for a receiver that is not known, and for label
    sets that are there twice with different receivers.
    """
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: larger than {MAX_BYTES} bytes")
    text = decode_text(content, str(path))
    rows = (parse_yaml if is_yaml(text, path.suffix) else parse_csv)(text, str(path), known)
    if not rows:
        raise BadInput(f"{path}: there are no label sets: nothing to prove is no proof")
    if len(rows) > MAX_ROWS:
        raise BadInput(f"{rows[MAX_ROWS].source}: more than {MAX_ROWS} label sets")
    for row in rows:
        for name in row.receivers:
            if name not in known:
                several = len(name.split()) > 1 and all(word in known for word in name.split())
                near = ": between receivers is a semicolon" if several else say_nearest(name, known)
                raise BadInput(f"{row.source}: the config has no receiver {name!r}{near}")
    return tuple(_make(rows)), tuple(_compare(rows))


def _make(rows: Sequence[TableRow]) -> Iterator[LabelSet]:
    counted = Counter(row.name for row in rows)
    for row in rows:
        title = row.name if row.name and counted[row.name] == 1 else row.source
        subject = Subject(title=title, source=row.source, labels=row.labels)
        yield LabelSet(subject=subject, receivers=row.receivers)


def _compare(rows: Sequence[TableRow]) -> Iterator[str]:
    """Yield a note on each label set that is there twice; raise BadInput if it is to go to others then."""
    first: dict[frozenset[tuple[str, str]], TableRow] = {}
    for row in rows:
        before = first.setdefault(frozenset(row.labels.items()), row)
        if before is row:
            continue
        what = f"the labels {say_labels(row.labels)} stand"
        if not row.labels:
            what = "a label set without labels stands"
        said = f"{row.source}: {what} at {before.source} already"
        if Counter(before.receivers) != Counter(row.receivers):
            raise BadInput(
                f"{said}, with other receivers: {say_names(before.receivers)} there, "
                f"{say_names(row.receivers)} here"
            )
        yield said
