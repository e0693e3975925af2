"""What a drill's file is held to is what scenarios take: each option, at its bounds, past them, without."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alertdrill.errors import BadInput
from alertdrill.runner.scenario_files import list_shipped
from alertdrill.systems.drill_files.drills import Defaults, read_drills
from alertdrill.systems.drill_files.known import Known
from alertdrill.systems.drill_files.scenario_needs import find_needs
from alertdrill.systems.drill_files.scenario_options import SCENARIOS, Option, is_wanted

TESTS = Path(__file__).resolve().parents[2]
NO_WORD = "neither:this"
Case = tuple[str, dict[str, Any]]


def find_good(option: Option) -> Any:
    """Return a value that it may have."""
    one = option.among[0] if option.among else "openai:gpt-4.1"
    number = {"number": option.least, "whole": int(option.least), "wholes": [int(option.least)]}
    return {"text": one, "model": one, "texts": [one], **number}[option.kind]


def list_values(option: Option) -> Iterator[Any]:
    """Yield values that it may have, at the bounds of what it may, and others just past them."""
    yield from ({}, True, [], [True], "", "a\nb", "a" * 501, [{}], ["a"] * 1001)
    match option.kind:
        case "text":
            yield from (*option.among, NO_WORD, "a" * 500, 1, ["a"])
        case "model":
            yield from ("openai", "openai:", "a:b")
        case "texts":
            yield from ([*option.among, NO_WORD], list(option.among or ["a"]), [1], "a", ["a" * 501])
        case "wholes":
            yield from ([int(option.least), int(option.most)], [option.least - 1], [option.most + 1], [400.5])
        case _:
            yield from (option.least, option.most, option.least - 1, option.most + 1, "many", [1])
            yield (option.least + option.most) / 2 + 0.25


def complete(scenario: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return options beside which those that are stated can be, with all that are wanted then."""
    options = dict(stated)
    for name in stated:
        option = SCENARIOS[scenario].get(name)
        if option is not None and option.beside and option.beside not in options:
            beside = SCENARIOS[scenario][option.beside]
            options[option.beside] = option.values[0] if option.values else find_good(beside)
    for name, option in SCENARIOS[scenario].items():
        if name not in options and is_wanted(option, scenario, options):
            options[name] = find_good(option)
    return options


def list_cases() -> Iterator[Case]:
    """Yield options of each scenario, right and wrong."""
    for scenario, offered in SCENARIOS.items():
        yield scenario, {}
        yield scenario, complete(scenario, {"modles": ["openai:gpt-4.1"]})
        for name, option in offered.items():
            good = complete(scenario, {name: find_good(option)})
            yield scenario, good
            for other in good:
                yield scenario, {key: value for key, value in good.items() if key != other}
            for value in list_values(option):
                yield scenario, good | {name: value}
            for other, beside in offered.items():
                for word in beside.among:
                    yield scenario, complete(scenario, {other: word, name: find_good(option)})
                yield scenario, good | {other: find_good(beside)}


def test_a_file_is_held_to_what_its_scenario_takes(tmp_path: Path) -> None:
    """Neither refuses what the other takes, both say what it needs, and both know the same options."""
    cases = list(list_cases())
    answered = subprocess.run(
        [sys.executable, "-m", "support.scenario_scripts"],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        cwd=TESTS,
    )
    asked: dict[str, set[str]] = defaultdict(set)
    differing = []
    for (scenario, options), (why, names, needs) in zip(cases, json.loads(answered.stdout), strict=True):
        asked[scenario].update(names)
        told = read(tmp_path / "a.yml", scenario, options)
        if why is None:
            assert find_needs(scenario, options) == needs, (scenario, options)
        if (told is None) != (why is None):
            differing.append((scenario, options, told, why))
    assert not differing[:5]
    asked["embeddings"] -= {"stream_share", "max_tokens"}  # which it asks for only to refuse them
    assert asked == {scenario: set(offered) for scenario, offered in SCENARIOS.items()}
    assert sorted(SCENARIOS) == list_shipped()


def read(path: Path, scenario: str, options: Mapping[str, Any]) -> str | None:
    """Return why a drill with these options is refused, None if it is read."""
    traffic = {"scenario": scenario, "rate": "1/s", "lasts": "1m", **options}
    drill = {"name": "a", "why": "Because.", "traffic": [traffic]}
    path.write_text(json.dumps({"drills": [drill]}))
    try:
        read_drills([path], Defaults(system="own", known=Known(scenarios=frozenset(SCENARIOS))))
    except BadInput as error:
        return str(error)
    return None
