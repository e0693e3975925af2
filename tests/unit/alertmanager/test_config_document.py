"""Tests of reading YAML as Alertmanager does."""

from __future__ import annotations

from typing import Any

import pytest

from alertdrill.alertmanager.schema import FLAG, NUMBER, OPEN, SECRET, TEXT, TEXTS, Fields, ListOf, MapOf
from alertdrill.alertmanager.yaml_without_secrets import (
    MAX_NODES,
    locate,
    read_document,
    write_document,
)
from alertdrill.errors import BadInput

FIELDS: Fields = {
    "text": TEXT,
    "flag": FLAG,
    "number": NUMBER,
    "open": OPEN,
    "secret": SECRET,
    "texts": TEXTS,
    "named": MapOf(TEXT),
    "items": ListOf({"text": TEXT, "flag": FLAG}),
    "inner": {"text": TEXT, "texts": TEXTS},
}


def read(text: str) -> dict[str, Any]:
    """Return a document's data."""
    return read_document(text, FIELDS, "a.yml")[0]


@pytest.mark.parametrize("text", ["on", "1.10", "0x10", "08:30", "true", "2026-01-01", "1_000"])
def test_a_text_is_what_stands_in_the_file(text: str) -> None:
    """A scalar that looks like something else is a text where a text is wanted."""
    assert read(f"text: {text}\nnamed: {{a: {text}}}") == {"text": text, "named": {"a": text}}


@pytest.mark.parametrize("null", ["null", "Null", "NULL", "~", ""])
def test_null_is_an_empty_text(null: str) -> None:
    """As Go's library has it; a text that is called null stands in quotes."""
    assert read(f"text: {null}\nnamed: {{a: {null}}}") == {"text": "", "named": {"a": ""}}
    assert read("text: 'null'") == {"text": "null"}


@pytest.mark.parametrize(
    ("word", "flag"),
    [("yes", True), ("On", True), ("TRUE", True), ("y", True), ("no", False), ("off", False)],
)
def test_flags_have_all_words_of_yaml_1_1(word: str, flag: bool) -> None:
    """Alertmanager's YAML library takes more words for true and false than JSON does."""
    assert read(f"flag: {word}") == {"flag": flag}


def test_open_values_keep_their_kind_where_json_writes_them_alike() -> None:
    """A number stays a number; what JSON would write in another way stays the text that it is."""
    assert read('open: {a: 1, b: true, c: 1.10, d: "1", e: [x, 2], f: on}') == {
        "open": {"a": 1, "b": True, "c": "1.10", "d": "1", "e": ["x", 2], "f": "on"}
    }


@pytest.mark.parametrize(
    ("written", "number"),
    [
        *(("1.5", 1), ("-1.5", -1), (".5", 0), ("1e3", 1000), ("1E-3", 0), ("1.", 1), ("!!float 5", 5)),
        *(("0x1F", 31), ("-0b11", -3), ("0o17", 15), ("017", 15), ("08", 8), ("1_000", 1000), ("+5", 5)),
        *(("!!int '5'", 5), ("18446744073709551615", 2**64 - 1)),
    ],
)
def test_a_number_may_be_written_in_any_way_of_yaml_s(written: str, number: int) -> None:
    """What a fraction has too much is cut off, as Alertmanager does."""
    assert read(f"number: {written}") == {"number": number}


def test_a_field_without_a_value_is_left_out() -> None:
    """Nothing is stated by a key alone; a text is then empty."""
    assert read("flag:\ntexts:\ninner:\nsecret:\nopen: {a: }\ntext:") == {"open": {"a": None}, "text": ""}


def test_what_is_secret_is_not_kept() -> None:
    """A value, or a whole tree of them, is forgotten; that there was one is not."""
    assert read("secret: hunter2") == {"secret": "<secret>"}
    assert read("secret: !hunter2 x") == {"secret": "<secret>"}
    assert read("secret: {password: hunter2, more: [hunter2]}") == {"secret": "<secret>"}


def test_aliases_and_merge_keys_are_written_out() -> None:
    """Own keys go before merged ones, and earlier merged mappings before later ones."""
    document = read(
        "items:\n- &one {text: a, flag: yes}\n- &two {text: b}\n"
        "- {<<: [*two, *one]}\n- {<<: *one, text: c}\n- *one"
    )
    assert document["items"][2:] == [
        {"text": "b", "flag": True},
        {"text": "c", "flag": True},
        {"text": "a", "flag": True},
    ]


def test_every_key_and_item_has_its_line() -> None:
    """Complaints say where; what has no line of its own has that of what is around it."""
    _, lines = read_document("text: a\nitems:\n- text: b\n- text: c\n", FIELDS, "a.yml")
    assert (lines["/items"], lines["/items/1"], lines["/items/1/text"]) == (2, 4, 4)
    assert locate(lines, "/items/1/flag", "a.yml") == "a.yml:4"
    assert locate(lines, "", "a.yml") == "a.yml"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("text: a\nmore: b", "a.yml:2: the field more is unknown"),
        ("inner:\n  more: b", "a.yml:2: the field more in inner is unknown"),
        ("text: a\ntext: b", "a.yml:2: text is stated twice"),
        ("text: [a]", "a.yml:1: text is not a text"),
        ("texts: a", "a.yml:1: texts is not a list"),
        ("inner: a", "a.yml:1: inner is not a mapping"),
        ("items: [{text: a},]\ninner: {texts: {a: b}}", "a.yml:2: texts is not a list"),
        ("items:\n- text: a\n-", "a.yml:3: an item of items is empty"),
        ("flag: perhaps", "a.yml:1: flag is not true or false"),
        ("flag: 'true'", "a.yml:1: flag is not true or false"),
        *((f"number: {one}", "a.yml:1: number is not a whole number") for one in ("'3'", "3 m", "x", ".inf")),
        *((f"number: {one}", "number is not a whole number") for one in ("1e20", "18446744073709551616")),
        ("number: " + "1" * 5000, "number is not a whole number"),
        ("- text", "a.yml:1: not an Alertmanager config"),
        ("", "a.yml:1: not an Alertmanager config"),
        ("? [a]\n: b", "a.yml:1: a key is not a text"),
        ("<<: 3", "a.yml:1: << does not name a mapping"),
        ("open: &a [*a]", "a.yml:1: the file is nested too deeply, or in itself"),
        ("open: " + "[" * 200 + "]" * 200, "nested too deeply"),
        ("open: " + "[" * 20_000, "a.yml:1: "),
        ("text: \0", "a.yml:1: the file is not YAML"),
        ("text: a\n---\ntext: b", "the file is not YAML"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(text: str, why: str) -> None:
    """Unknown fields, keys stated twice and values of another kind are refused."""
    with pytest.raises(BadInput) as caught:
        read(text)
    assert why in str(caught.value)


def test_nested_aliases_do_not_multiply_without_bound() -> None:
    """A few lines of aliases of aliases are not a few billion values."""
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadInput, match=f"more than {MAX_NODES} values"):
        read_document("\n".join(lines), {"a": OPEN, **{f"a{n}": OPEN for n in range(1, 9)}}, "a.yml")


@pytest.mark.parametrize(
    "text",
    [
        "secret: *hunter2",
        "secret: @hunter2",
        "secret: hunter2: x",
        "secret: 'hunter2",
        'secret: "hunter2\\q"',
        "secret: x\nsecret: hunter2",
        "hunter2 is my password",
        "secret: &hunter2 x\ntext: *hunter",
        "secret: [hunter2",
    ],
)
def test_a_broken_file_is_not_quoted(text: str) -> None:
    """What is not YAML may be a password without quotes: neither the error nor what led to it says it."""
    with pytest.raises(BadInput) as caught:
        read(text)
    assert "hunter" not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("text: [", "expected the node content, but found '<stream end>'"),
        ("text: {a: b", "expected ',' or '}', but got '<stream end>'"),
        ("text: *hunter", "found undefined alias …"),
    ],
)
def test_a_broken_files_complaint_is_a_whole_one(text: str, why: str) -> None:
    """Names of tokens are the parser's own words; where it would quote the file, an ellipsis shows that."""
    with pytest.raises(BadInput) as caught:
        read(text)
    assert str(caught.value).endswith(f": the file is not YAML: {why}")


def test_what_is_written_reads_back_as_it_was() -> None:
    """JSON is YAML, but for surrogates and line breaks that only YAML knows."""
    data = {"text": 'é 😀 \u2028 \u0085 \x7f "\\ \t\n {{ . }}', "open": {"a": [1, True, None, "on"]}}
    assert read(write_document(data)) == data
