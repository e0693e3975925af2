"""Label sets in CSV: a header, and a label set on each line. Pure.

Each column is a label, or there is one column `labels`, as they are typed to amtool (`severity=page
team=web`), perhaps with a column `name`. One column, `receivers`, has the receivers, with commas or
semicolons between them. Columns are separated by commas, semicolons or tabs: by what the header has. Empty
lines, and those that begin with `#`, are passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator

from alertdrill.errors import BadInput
from alertdrill.rules.fields import say_nearest
from alertdrill.runner.routing.table_rows import RECEIVER_FIELDS, TableRow, split_receivers

LABELS = "labels"
NAME = "name"
DELIMITERS = ("\t", ";", ",")
_PAIR = re.compile(
    r'[\s,]*(?P<name>"(?:[^"\\]|\\.)+"|[^\s=!~,"{}]+)\s*='
    r'\s*(?P<value>"(?:[^"\\]|\\.)*"|(?!~)[^\s,"{}]*)(?=[\s,]|$)',
    re.DOTALL,
)
_Line = tuple[str, list[str]]


def parse_csv(text: str, name: str, known: Collection[str]) -> list[TableRow]:
    """Return the rows of a table called `name`; raises BadInput with `file:line`."""
    lines = list(_list_lines(text, name))
    if not lines:
        return []
    (where, cells), *rest = lines
    header = [cell.strip() for cell in cells]
    receivers = _check_header(header, where)
    return [_read_row(where, header, cells, receivers, known) for where, cells in rest]


def _list_lines(text: str, name: str) -> Iterator[_Line]:
    """Yield the lines that say something, each with its `file:line`."""
    # Only what ends lines in CSV: a text may have other characters that end lines elsewhere.
    lines = re.split("(?<=\n)|(?<=\r)(?!\n)", text)
    kept = "".join("\n" if _says_nothing(line) else line for line in lines if line)
    first = next((line for line in kept.split("\n") if line.strip()), "")
    delimiter = next((one for one in DELIMITERS if one in first), ",")
    reader = csv.reader(io.StringIO(kept, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            if cells:
                yield f"{name}:{begin}", cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{name}:{begin}: the line is not CSV: {error}") from error


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _check_header(header: list[str], where: str) -> int:
    """Return which column has the receivers; raise BadInput for a header that is none."""
    found = [index for index, name in enumerate(header) if name in RECEIVER_FIELDS]
    if len(found) != 1:
        near = next((near for name in header if (near := say_nearest(name, RECEIVER_FIELDS))), "")
        columns = ", ".join(repr(name) for name in header)
        wanted = f"one column receivers, which says who is expected{near}"
        raise BadInput(f"{where}: the header has the columns {columns}; a table of label sets has {wanted}")
    has_labels = LABELS in header
    for index, name in enumerate(header):
        if index == found[0]:
            continue
        if name in header[:index]:
            raise BadInput(f"{where}: the header has the column {name!r} twice")
        if has_labels and name not in (LABELS, NAME):
            raise BadInput(
                f"{where}: the header has a column labels, and a column {name!r}: beside labels there are "
                "only name and receivers"
            )
        if not name:
            raise BadInput(f"{where}: column {index + 1} of the header has no name: it is to be a label's")
    if len(header) < 2:
        raise BadInput(f"{where}: the header has no column but {header[0]}: a label set has labels")
    return found[0]


def _read_row(
    where: str, header: list[str], cells: list[str], receivers: int, known: Collection[str]
) -> TableRow:
    if len(cells) != len(header):
        raise BadInput(
            f"{where}: the line has {len(cells)} columns, the header {len(header)}: a text that has the "
            'separator in it stands in double quotes, "a,b"'
        )
    stated = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    expected = split_receivers(stated.pop(header[receivers]), known)
    if not expected:
        raise BadInput(f"{where}: no receiver is stated: say which one the label set is expected to reach")
    name = ""
    if LABELS in header:
        name = stated.get(NAME, "")
        stated = _parse_labels(stated[LABELS], where)
    labels = {label: value for label, value in stated.items() if value}
    return TableRow(source=where, labels=labels, receivers=expected, name=name)


def _parse_labels(text: str, where: str) -> dict[str, str]:
    """Return the labels of `severity=page team="a b"`, with blanks or commas between them."""
    body = text.strip()
    if body.startswith("{") and body.endswith("}"):
        body = body[1:-1]
    labels: dict[str, str] = {}
    at = 0
    while body[at:].strip(" ,\t\r\n"):
        pair = _PAIR.match(body, at)
        if pair is None:
            raise BadInput(f"{where}: {body[at:].strip()[:40]!r} is no label such as severity=page")
        name = _unquote(pair["name"])
        if name in labels:
            raise BadInput(f"{where}: the label {name} is stated twice")
        labels[name] = _unquote(pair["value"])
        at = pair.end()
    return labels


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
