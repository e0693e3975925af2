"""Tests of what makes golden recordings stale: the same with any Python, wherever the sources lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.whole_runs import ROOT

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, LoadStage
from alertdrill.errors import BadInput
from alertdrill.runner.golden.digests import digest_drill, digest_sources
from alertdrill.runner.golden.staleness import SOURCES, digest_systems
from alertdrill.systems import System

SOURCE = '''"""Words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from alertdrill.gateway import calls

if TYPE_CHECKING:
    from alertdrill.gateway.events import Listener

START = "python -m alertdrill.gateway"
LIMITS = {"é": 1_000, "\\N{SNOWMAN}": 0.5, **{}}
"""By what is limited."""


@calls.note(kind="chat", width=3)
class Call:
    """A call."""

    async def tell(self, what: object, *, deep: bool = False) -> str:
        # how much of it
        match what:
            case {"cost": float(cost), **rest} if cost > 0:
                return f"{cost:>{self.width}.2f} {f'{rest!r}' if deep else f'{what=}'}{{}}" "é" f"{cost:}"
            case [first, *_] | (first, _):
                return rf"\\d{first}" + f"""
{what!s}"""
            case None:
                pass
        raise ValueError(what)
'''
DIGEST = "27a4f6a0c29d32d7"
"""What every Python has to make of it."""
CHANGES_NOTHING = {
    "another docstring": ('"""A call."""', '"""Another call."""'),
    "no docstring": ('    """A call."""\n\n', ""),
    "what is said below a constant": ('"""By what is limited."""\n', ""),
    "another comment": ("# how much of it", "# so much"),
    "layout": ('kind="chat", width=3', '\n    kind="chat",\n    width=3,\n'),
    "other quotes": ('"cost"', "'cost'"),
    "another way to write a number": ("1_000", "1000"),
    "a module that is renamed": ("alertdrill.gateway", "alertdrill.entrance"),
    "an import more": ("import logging\n", "import json\nimport logging\n"),
    "an import less": ("import logging\n", ""),
    "no imports for types": (
        "if TYPE_CHECKING:\n    from alertdrill.gateway.events import Listener\n",
        "",
    ),
}
CHANGES_DIGEST = {
    "a number": ("width=3", "width=4"),
    "a text": ('"chat"', '"runs"'),
    "a letter that is not ASCII": ('{"é"', '{"è"'),
    "a name": ("first, *_", "other, *_"),
    "a decorator": ('@calls.note(kind="chat", width=3)\n', ""),
    "no longer async": ("async def", "def"),
    "a default": ("deep: bool = False", "deep: bool = True"),
    "a format": (".2f", ".3f"),
    "a conversion": ("{rest!r}", "{rest!s}"),
    "the text of an f-string": ("}{{}}", "}{{ }}"),
    "what an f-string asks": ("{what=}", "{what}"),
    "a text that adjoins an f-string": ('"é" f', '"e" f'),
    "a guard": ("cost > 0", "cost >= 0"),
    "a pattern": ("case None", "case True"),
    "a statement less": ("        raise ValueError(what)\n", ""),
    "a statement elsewhere": ("        raise ValueError(what)\n", "    raise ValueError(what)\n"),
    "a program with other arguments": ('alertdrill.gateway"', 'alertdrill.gateway --fast"'),
}


def make_drill() -> Drill:
    """Return a drill that calls one model."""
    profile = LoadProfile(
        name="a", scenario="steady", start_s=0, stages=(LoadStage(duration_s=60, rate_per_s=1),)
    )
    return Drill(name="a", system="metis", traffic=(profile,), expects=(), why="because", lasts_s=300)


def test_a_drill_that_does_something_else_has_another_digest() -> None:
    """Traffic changes the digest; reasons and deadlines do not."""
    drill = make_drill()
    profile = replace(drill.traffic[0], start_s=1)
    assert digest_drill(replace(drill, why="another", lasts_s=900)) == digest_drill(drill)
    assert digest_drill(replace(drill, traffic=(profile,))) != digest_drill(drill)


def test_a_number_counts_by_its_value() -> None:
    """Whoever writes 60 for 60.0 has changed nothing, and whoever writes 61 has."""
    digests = {
        digest_drill(
            Drill(
                name="d",
                system="metis",
                traffic=(
                    LoadProfile(
                        name="d",
                        scenario="steady",
                        start_s=start_s,
                        stages=(LoadStage(duration_s=start_s, rate_per_s=0.5),),
                        options={"nested": [{"s": start_s}]},
                    ),
                ),
                expects=(),
                why="",
                lasts_s=60,
            )
        ): start_s
        for start_s in (60, 60.0, 61, 60.5)
    }
    assert list(digests.values()) == [60.0, 61, 60.5]


def test_every_python_gives_the_same_digest() -> None:
    """A source's digest is this one, whatever Python runs."""
    assert digest_sources({"f.py": SOURCE}) == DIGEST


@pytest.mark.parametrize("change", CHANGES_NOTHING)
def test_what_does_nothing_makes_nothing_stale(change: str) -> None:
    """Words, layout, imports and the names of modules leave a source's digest as it is."""
    assert digest_sources({"f.py": make_change(*CHANGES_NOTHING[change])}) == DIGEST


@pytest.mark.parametrize("change", CHANGES_DIGEST)
def test_what_is_done_changes_the_digest(change: str) -> None:
    """Whatever a source does changes its digest."""
    assert digest_sources({"f.py": make_change(*CHANGES_DIGEST[change])}) != DIGEST


def make_change(before: str, after: str) -> str:
    """Return the source with a change."""
    assert before in SOURCE
    return SOURCE.replace(before, after)


def test_a_source_that_is_moved_makes_nothing_stale() -> None:
    """Where sources lie, and in which order, does not count; nor does one that does nothing."""
    before = digest_sources({"a/b.py": "a = 1\n", "a/c.py": "b = 2\n"})
    assert digest_sources({"z.py": "a = 1\n", "d/e.py": "b = 2\n"}) == before
    assert (
        digest_sources({"d/__init__.py": '"""Words."""\n\nimport z\n', "b.py": "b = 2\n", "a.py": "a = 1\n"})
        == before
    )


def test_each_source_counts() -> None:
    """Two sources are something else than one of both, and than one of them."""
    before = digest_sources({"a.py": "a = 1\n", "b.py": "b = 2\n"})
    assert digest_sources({"a.py": "a = 1\nb = 2\n"}) != before
    assert digest_sources({"a.py": "a = 1\n"}) != before
    assert digest_sources({"a.py": "a = 1\n", "b.py": "a = 1\n"}) != before


def test_data_are_digested_as_they_are() -> None:
    """A file that is not Python's changes the digest with any of its characters, and not with its name."""
    assert digest_sources({"m.yml": "a: 1"}) != digest_sources({"m.yml": "a: 1 "})
    assert digest_sources({"m.yml": "a: 1"}) == digest_sources({"n.yml": "a: 1"})
    assert digest_sources({"m.yml": "a = 1 # why"}) != digest_sources({"m.yml": "a = 1"})


FOLDERS = ("gateway", "load", "stub_providers", "scenarios")


def list_folders(root: Path) -> list[Path]:
    """Return where the sources are that `put_sources` wrote."""
    return [root / folder for folder in FOLDERS]


def put_sources(root: Path) -> System:
    """Write the least of a repository that recordings can be made with, and return its one system."""
    folder = root / "systems" / "one"
    files = (*(root / source / "it.py" for source in FOLDERS), folder / "drills.py", root / "other.py")
    for path in (*files, folder / "surface.py", folder / "metrics.yml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a = 1\n")
    return System(name="one", folder=folder)


@pytest.mark.parametrize(
    ("changed", "is_stale"),
    [
        ("gateway/it.py", True),
        ("load/it.py", True),
        ("stub_providers/it.py", True),
        ("scenarios/it.py", True),
        ("scenarios/new.py", True),
        ("systems/one/surface.py", True),
        ("systems/one/metrics.yml", True),
        ("systems/one/drills.py", False),
        ("other.py", False),
    ],
)
def test_what_turns_traffic_into_samples_is_digested(tmp_path: Path, changed: str, is_stale: bool) -> None:
    """Gateway, providers, scenarios and the system's own surface; drills are digested one by one."""
    system = put_sources(tmp_path)
    before = digest_systems([system], list_folders(tmp_path))
    (tmp_path / changed).write_text("b = 2\n")
    assert (digest_systems([system], list_folders(tmp_path)) != before) == is_stale


@pytest.mark.parametrize("folder", FOLDERS)
def test_sources_that_are_not_there_are_refused(tmp_path: Path, folder: str) -> None:
    """A digest of nothing would never be stale."""
    system = put_sources(tmp_path)
    (tmp_path / folder / "it.py").unlink()
    with pytest.raises(BadInput, match="there are none in"):
        digest_systems([system], list_folders(tmp_path))


def test_the_projects_own_sources_are_found() -> None:
    """They are looked for from where the package is."""
    found = [path.relative_to(ROOT).as_posix() for path in SOURCES]
    assert found == ["harness/alertdrill/gateway", "harness/alertdrill/load", "stub_providers", "scenarios"]


def test_the_key_of_a_change_counts_where_there_is_one() -> None:
    """So recordings that were made before there were keys stay what they are."""
    change = BehaviourChange(at_s=1, provider="p", model=None, behaviour={"lookups": True})
    profile = LoadProfile(name="n", scenario="steady", start_s=0, stages=(), changes=(change,))
    drill = Drill(name="d", system="s", why="", traffic=(profile,), expects=(), lasts_s=1)
    with_key = replace(profile, changes=(replace(change, key_env="KEY"),))
    before = "bd4ca98814c3e1ed"
    assert digest_drill(drill) == before
    assert digest_drill(replace(drill, traffic=(with_key,))) != before
