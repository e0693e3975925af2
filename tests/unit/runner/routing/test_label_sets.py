"""Tests of tables of label sets: both notations say the same, and what is wrong with one has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.runner.routing.label_sets import LabelSet, read_label_sets

KNOWN = ("oncall", "desk", "a, b", "null")
WANTED = [
    ({"severity": "page", "team": "web front"}, ("oncall",)),
    ({"severity": "ticket"}, ("desk", "oncall")),
]


def read(folder: Path, text: str | bytes, name: str = "routes.csv") -> tuple[LabelSet, ...]:
    """Return the label sets of a table."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_label_sets(path, KNOWN)[0]


@pytest.mark.parametrize(
    "text",
    [
        'severity,team,receivers\npage,web front,oncall\nticket,,"desk,oncall"\n',
        "severity;team;receivers\npage;web front;oncall\nticket;;desk, oncall\n",
        "severity\tteam\treceiver\npage\tweb front\toncall\nticket\t\tdesk;oncall\n",
        'labels,receivers\n"severity=page team=""web front""",oncall\nseverity=ticket,desk;oncall\n',
        'labels;expected_receivers\n"{severity=""page"", team=""web front""}";oncall\n'
        "severity=ticket;desk,oncall",
        "# why\n\nreceivers,severity,team\r\noncall,page,web front\r\n\r\n#\r\ndesk;oncall,ticket,\r\n",
        b"\xef\xbb\xbfseverity,team,receivers\npage,web front,oncall\nticket,,desk;oncall\n",
        "- {labels: {severity: page, team: web front}, receivers: [oncall]}\n"
        "- {labels: {severity: ticket, team: ''}, receivers: [desk, oncall]}\n",
        "tests:\r\n- name: first\r\n  labels: {severity: page, team: web front}\r\n  receiver: oncall\r\n"
        "- labels: {severity: ticket}\r\n  expected_receivers: desk,oncall\r\n",
        '[{"labels": {"severity": "page", "team": "web front"}, "receivers": ["oncall"]},'
        '{"labels": {"severity": "ticket"}, "receivers": ["desk", "oncall"]}]',
    ],
    ids=["comma", "semicolon", "tab", "typed", "braces", "crlf", "mark", "yaml", "tests", "json"],
)
def test_a_table_may_be_written_in_many_ways(tmp_path: Path, text: str | bytes) -> None:
    """As spreadsheets write it, as it is typed to amtool, and as YAML; it is known by how it begins."""
    label_sets = read(tmp_path, text, "table")
    assert [(one.subject.labels, one.receivers) for one in label_sets] == WANTED


def test_a_receivers_name_may_have_a_comma_in_it(tmp_path: Path) -> None:
    """A text that is the name of a receiver is that one, and no list."""
    (one,) = read(tmp_path, 'severity,receivers\npage,"a, b"\n')
    assert one.receivers == ("a, b",)


def test_yaml_keeps_a_values_text(tmp_path: Path) -> None:
    """As for Alertmanager: what YAML would read as a truth or a number is the text that stands there."""
    (one,) = read(tmp_path, "- {labels: {on: yes, number: 1.10}, receivers: 'null'}\n", "t.yml")
    assert one.subject.labels == {"on": "yes", "number": "1.10"}


@pytest.mark.parametrize(
    "text",
    [
        '- {labels: {"näme 1": ü, a-b: x}, receivers: desk}\n',
        "näme 1,a-b,receivers\nü,x,desk\n",
        'labels,receivers\n"""näme 1""=ü a-b=x",desk\n',
    ],
    ids=["yaml", "csv", "typed"],
)
def test_a_label_may_be_called_by_any_characters(tmp_path: Path, text: str) -> None:
    """As Alertmanager has it since 0.27."""
    (one,) = read(tmp_path, text, "table")
    assert one.subject.labels == {"näme 1": "ü", "a-b": "x"}


def test_a_label_set_knows_its_line_and_its_name(tmp_path: Path) -> None:
    """Where two have one name, each is called by its line."""
    text = "name,labels,receivers\nfirst,a=1,desk\n,a=2,desk\n\ntwice,a=3,desk\ntwice,a=4,desk\n"
    path = tmp_path / "routes.csv"
    shown = [(one.subject.source, one.subject.title) for one in read(tmp_path, text)]
    assert shown == [
        (f"{path}:2", "first"),
        *((f"{path}:{line}", f"{path}:{line}") for line in (3, 5, 6)),
    ]


def test_the_same_labels_twice_are_noted(tmp_path: Path) -> None:
    """Whether that was meant is for its author to say: nothing contradicts it."""
    path = tmp_path / "routes.csv"
    path.write_text("a,b,receivers\n1,2,desk;oncall\n1,2,oncall;desk\n")
    label_sets, notes = read_label_sets(path, KNOWN)
    assert len(label_sets) == 2
    assert notes == (f'{path}:3: the labels a="1", b="2" stand at {path}:2 already',)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"there are no label sets"),
        ("severity,receivers\n", r"there are no label sets"),
        ("# only this\n", r"there are no label sets"),
        ("[]", r"there are no label sets"),
        (
            "severity,recievers\npage,desk\n",
            r":1: the header has the columns 'severity', 'recievers'.* do you mean 'receivers'",
        ),
        ("severity,severity,receivers\np,p,desk\n", r":1: the header has the column 'severity' twice"),
        ("receivers,receiver,a\ndesk,desk,1\n", r":1: .*has one column receivers"),
        ("labels,team,receivers\na=1,b,desk\n", r":1: .*a column labels, and a column 'team'"),
        ("a,,receivers\n1,2,desk\n", r":1: column 2 of the header has no name: it is to be a label's"),
        ("receivers\ndesk\n", r":1: the header has no column but receivers"),
        ("a,receivers\n1,desk\n\n2,desk,oncall\n", r":4: the line has 3 columns, the header 2"),
        ("a,receivers\n1\n", r":2: the line has 1 columns"),
        ("a,receivers\n1, \n", r":2: no receiver is stated"),
        (
            "a,receivers\n1,desk desk\n",
            r":2: the config has no receiver 'desk desk': between receivers is a semi",
        ),
        ("a,receivers\n1,dsk\n", r":2: the config has no receiver 'dsk'; do you mean 'desk'"),
        ('a,receivers\n"1,desk\n', r":2: the line is not CSV"),
        ("labels,receivers\na=1 b,desk\n", r":2: 'b' is no label such as severity=page"),
        ("labels,receivers\na=~x,desk\n", r":2: 'a=~x' is no label"),
        ("labels,receivers\na=1 a=2,desk\n", r":2: the label a is stated twice"),
        (
            "a,receivers\n1,desk\n1,oncall\n",
            r':3: the labels a="1" stand at .*:2 already, with other receivers: desk there, oncall here',
        ),
        ("- labels: {a: 1}\n\treceivers: desk\n", r":2: the file is not YAML"),
        ("- labels: {a: 1}\n- labels: {a: 2}\n", r":1: the label set has no receivers"),
        ("- labels: {a: 1}\n  receivers: []\n", r":2: no receiver is stated"),
        (
            "- labels: {a: 1}\n  receiver: desk\n  recievers: x\n",
            r":3: .*field 'recievers', which is unknown",
        ),
        ("- receivers: [desk]\n", r":1: the label set has no labels"),
        ("- labels: [a]\n  receivers: [desk]\n", r":1: labels is no mapping"),
        ("- labels: {'': x}\n  receivers: [desk]\n", r":1: a label has no name"),
        (
            "- {labels: {}, receiver: desk}\n- {labels: {a: ''}, receiver: oncall}\n",
            r":2: a label set without labels stands at .*:1 already, with other receivers: desk there",
        ),
        ("{receivers: [{name: a}], route: {}}", r":1: the file is no table of label sets"),
        ("tests: [x]\n", r":1: the label set is no mapping of fields"),
        ("tests: x\n", r":1: tests is no list"),
        ("---\nx\n", r":2: the file is no table of label sets"),
        (b"a,receivers\n\xff,desk\n", r":2: the file is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    """Nothing that is not understood is passed over: it would be a route that nobody proves."""
    with pytest.raises(BadInput, match=says):
        read(tmp_path, text, "table")


def test_a_table_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    """With the system's own words, also for a folder."""
    for path, says in ((tmp_path / "no.csv", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(BadInput, match=f"cannot be read: {says}"):
            read_label_sets(path, KNOWN)
