"""The table of behaviours in docs/reference/stub-providers.md and the code say the same."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from conftest import ROOT

from alertdrill.project.behaviours import read_behaviour as read_written
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import read_nodes
from stub_providers.behaviour import Asked, Behaviour, Engine
from stub_providers.behaviour_fields import FLAWS, LATENCIES, SPELL, SPELL_PARTS, WHEN, list_flaw_fields
from stub_providers.behaviour_reading import read_behaviour
from stub_providers.ledger import Ledger
from stub_providers.limits import UNITS

PAGE = (ROOT / "docs" / "reference" / "stub-providers.md").read_text()
ROWS = re.findall(r"^\| ([^|`]+) \| (`.*`) \| `(\{.*\})` \| .* \| (.*) \|$", PAGE, re.MULTILINE)
EXAMPLES = {name: json.loads(told) for name, _, told, _ in ROWS}
WRITTEN = {name: "\n".join(re.findall("`(.*?)`", written)) for name, written, _, _ in ROWS}


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every field of an example, and those within it."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield str(name), inner
        if isinstance(inner, dict | list):
            yield from walk(inner)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_taken(name: str) -> None:
    """As it stands."""
    assert read_behaviour(EXAMPLES[name]) != Behaviour()


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_of_a_file_says_the_same(name: str) -> None:
    """As YAML, in the words of people, and as JSON, which YAML is, too."""
    for text in (WRITTEN[name], json.dumps(EXAMPLES[name])):
        document = read_nodes(text, "x.yml")
        assert document is not None
        told = read_written(Fields(document, "x.yml", "b"))
        assert read_behaviour(told) == read_behaviour(EXAMPLES[name])


def test_each_part_of_a_behaviour_has_a_row() -> None:
    """One that is added to the code has to be added there."""
    shown = {name for told in EXAMPLES.values() for name in told}
    assert shown == {one.name for one in dataclasses.fields(Behaviour)}


def test_each_kind_and_field_has_a_row() -> None:
    """Kinds of latency and of flaws, what limits count, which calls are struck, and what spells bring."""
    fields = [pair for told in EXAMPLES.values() for pair in walk(told)]
    kinds = {value for name, value in fields if name == "kind"}
    assert kinds == LATENCIES.keys() | FLAWS.keys()
    names = {name for name, _ in fields}
    wanted = {*WHEN, *UNITS, *SPELL, *SPELL_PARTS, "per_s", "at", "mix", "low", "high", "median", "sigma"}
    for kind_fields in (*LATENCIES.values(), *map(list_flaw_fields, FLAWS)):
        wanted.update(kind_fields)
    assert names >= wanted


def test_each_is_counted_as_it_says() -> None:
    """The names in the last column are those that the ledger counts."""
    counted: set[str] = set()
    for told, prompt_tokens in product(EXAMPLES.values(), (1, 2_000)):
        ledger, engine = Ledger(), Engine("table", read_behaviour(told))
        for call in range(400):
            asked = Asked(model="m", estimated_prompt_tokens=prompt_tokens)
            ledger.note("m", engine.decide(asked, now_s=max(0.0, call - 200)))
        counted |= {name for _, tally in ledger.list_tallies() for name in tally.met}
    said = {
        name for _, _, _, cell in ROWS for name in re.findall(r"`((?:error|limit|flaw)_\w+|spell)`", cell)
    }
    assert said - {"error_CLASS"} <= counted
    assert {name for name in counted if not name.startswith("error_")} <= said
