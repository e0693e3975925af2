"""Label sets in YAML: a list, or a list below `tests`. Pure.

Each item has `labels`, a mapping, and `receivers`, a list or one name; it may have a `name`.
"""

from __future__ import annotations

from collections.abc import Collection

from alertdrill.errors import BadInput
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence, read_nodes
from alertdrill.runner.routing.table_rows import RECEIVER_FIELDS, TableRow, split_receivers

TESTS = "tests"
SUFFIXES = frozenset({".yml", ".yaml", ".json"})
_BEGINNINGS = ("- ", "-\n", "[", "{", "---", "%YAML", f"{TESTS}:")


def is_yaml(text: str, suffix: str) -> bool:
    """Tell whether a table is YAML, by what its file is called, or else by how it begins."""
    if suffix in SUFFIXES:
        return True
    lines = (line for line in text.splitlines(keepends=True) if line.strip() and not line.startswith("#"))
    return next(lines, "").replace("\r", "").startswith(_BEGINNINGS)


def parse_yaml(text: str, name: str, known: Collection[str]) -> list[TableRow]:
    """Return the rows of a table called `name`; raises BadInput with `file:line`."""
    document = read_nodes(text, name)
    if document is None:
        return []
    if isinstance(document, Mapping) and TESTS in document.values:
        table = Fields(document, name, "the table")
        rows = table.take_items(TESTS)
        table.end()
    elif isinstance(document, Sequence):
        rows = document.items
    else:
        raise BadInput(
            f"{name}:{document.line}: the file is no table of label sets: in YAML that is a list, or a list "
            f"below {TESTS}"
        )
    return [_read_row(node, name, known) for node in rows]


def _read_row(node: Node, name: str, known: Collection[str]) -> TableRow:
    fields = Fields(node, name, "the label set")
    title = fields.take_text("name", "")
    if not fields.has("labels"):
        fields.take_node("labels")
    labels = {label: value for label, value in fields.take_labels("labels").items() if value}
    key = next((key for key in RECEIVER_FIELDS if fields.has(key)), RECEIVER_FIELDS[0])
    stated = fields.take_node(key)
    fields.end()
    if isinstance(stated, Scalar):
        expected = split_receivers(stated.text, known)
    else:
        expected = fields.put_back(key, stated).take_texts(key)
    if not expected:
        raise fields.fail("no receiver is stated: say which one the label set is expected to reach", stated)
    return TableRow(source=f"{name}:{fields.line}", labels=labels, receivers=expected, name=title)
