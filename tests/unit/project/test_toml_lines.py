"""Where a TOML text states its keys and items."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.errors import BadInput
from alertdrill.project.toml_lines import Place, find_lines
from alertdrill.project.toml_nodes import get_value, read_toml

TEXT = '''\
# a comment with [brackets] and "quotes
name = "a # b"
"quoted \\u0041".'b.c' = 1

[target] # comment
  url = \'it\'
  env.X = """
three
"" lines""""
[target.headers]
a = { b.c = [1, {d = "]"}], e = 1979-05-27 07:32:00Z }

[[scrape]]
job = 'a'
relabel = [
  # comment ] in it
  {action = "keep"},

  {action = "drop"}, # the last
]
[[scrape.inner]]
x = \'\'\'
'quoted\'\'\'\'
[[scrape]]
job = "b"\r
[[scrape.inner]]
[scrape.other]
y = -1e9
'''


def list_places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of everything within a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*place, key)
        yield from list_places(one, (*place, key))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("name",), 2),
        (("quoted A", "b.c"), 3),
        (("target",), 5),
        (("target", "url"), 6),
        (("target", "env"), 7),
        (("target", "env", "X"), 7),
        (("target", "headers"), 10),
        (("target", "headers", "a", "b", "c", 1, "d"), 11),
        (("target", "headers", "a", "e"), 11),
        (("scrape",), 13),
        (("scrape", 0, "job"), 14),
        (("scrape", 0, "relabel", 0, "action"), 17),
        (("scrape", 0, "relabel", 1), 19),
        (("scrape", 0, "inner", 0, "x"), 22),
        (("scrape", 1), 24),
        (("scrape", 1, "inner", 0), 26),
        (("scrape", 1, "other", "y"), 28),
    ],
)
def test_a_place_has_the_line_on_which_it_is_stated(place: Place, line: int) -> None:
    """Strings, comments, arrays and inline tables of any layout notwithstanding."""
    assert find_lines(TEXT)[place] == line


def test_every_place_has_a_line() -> None:
    """And there is no line of anything else."""
    assert find_lines(TEXT).keys() == set(list_places(tomllib.loads(TEXT)))


KEYS = st.sampled_from(["a", "b-1", '"c d"', "'e.f'", '"\\"g"', "1"])
SCALARS = st.sampled_from(
    [
        "1",
        "-0.5e3",
        "true",
        '"#"',
        "'\\'",
        '"""\n"q""""',
        "'''a\n'b'''",
        "1979-05-27 07:32:00",
        "07:32:00",
        '"]"',
    ]
)
GAPS = st.sampled_from(["", " ", "\n", "\n# x ]\n", "\t"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(st.tuples(GAPS, inner, GAPS)).map(lambda all_: f"[{','.join(map(''.join, all_))}]"),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + "}"
        ),
    ),
    max_leaves=8,
)
HEADERS = st.tuples(st.sampled_from(["[{}]", "[[ {} ]]"]), st.lists(KEYS, min_size=1, max_size=3)).map(
    lambda header: header[0].format(" . ".join(header[1]))
)
PAIRS = st.tuples(st.lists(KEYS, min_size=1, max_size=2), VALUES).map(
    lambda pair: f"{'.'.join(pair[0])} = {pair[1]} # c"
)


@given(st.lists(st.one_of(HEADERS, PAIRS), max_size=12))
def test_what_tomllib_reads_has_lines(statements: list[str]) -> None:
    """Whatever the order of its tables: every place that has a value, and no other."""
    text = ""
    for statement in statements:
        try:
            tomllib.loads(text + statement + "\n")
        except tomllib.TOMLDecodeError:
            continue  # what is stated twice
        text += statement + "\n"
    lines = find_lines(text)
    assert lines.keys() == set(list_places(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") for line in lines.values())


def test_nodes_state_what_tomllib_reads() -> None:
    """But for dates, which no project has."""
    node = read_toml(TEXT, "x.toml")
    assert node is not None
    values = get_value(node)
    assert values["target"]["headers"]["a"].pop("e") == "1979-05-27 07:32:00+00:00"
    expected = tomllib.loads(TEXT)
    del expected["target"]["headers"]["a"]["e"]
    assert values == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\n\na = 2\n", "x.toml:3: the file is not TOML: a key is stated twice"),
        ("[a]\n[b]\n[a]\n", "x.toml:3: the file is not TOML: a table is stated twice: cannot declare"),
        ("a = 1\nb = \n", "x.toml:2: the file is not TOML: invalid value"),
        ('a = 1\nb = "x\n', "x.toml:2: the file is not TOML: illegal character"),
        ('a = """\n\n', "x.toml:1: the file is not TOML: unterminated string"),
        ("a = " + "[" * 100_000, "x.toml:1: the file is nested too deeply"),
        ("\na = " + "[" * 50 + "]" * 50, "x.toml:2: the file is nested more than 20 levels deep"),
        ("a = 1\n" + "a." * 100_000 + "a = 1", "x.toml:2: the file has a key of more than 100 parts"),
        ("[" + "'a' . " * 101 + "a]", "x.toml:1: the file has a key of more than 100 parts"),
        ("x = {" + "a." * 101 + "a = 1}", "x.toml:1: the file has a key of more than 100 parts"),
        (f"b = 1\na = {'1' * 5000}\n", "x.toml:2: the file has a number of too many digits"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(text: str, message: str) -> None:
    """In words that say what to do."""
    with pytest.raises(BadInput) as caught:
        read_toml(text, "x.toml")
    assert str(caught.value).startswith(message)


def test_dots_of_texts_and_numbers_are_no_keys() -> None:
    """A line may have many of them."""
    text = f"a = [{'1.5, ' * 200}]\nb = '{'x.' * 200}'\nc = 1 # {'. ' * 20}"
    assert read_toml(text, "x.toml") is not None
