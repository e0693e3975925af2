"""An alertmanager.yml as somebody might have it, with one thing wrong in it: no run begins."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support.production_config import CANARY, PRODUCTION, find_canaries, use
from support.whole_runs import CommandLine

from alertdrill.runtime.binaries import Generation

BAD: tuple[tuple[str, str, str, str], ...] = (
    ("unknown-receiver", "receiver: catch-all", "receiver: nobody", "'nobody' is stated nowhere"),
    ("unknown-field", "group_wait: 30s", "group_weight: 30s", "the field group_weight"),
    ("unknown-interval", "[office-hours]", "[night-shifts]", "'night-shifts' is stated nowhere"),
    ("unknown-location", "America/New_York", "America/Atlantis", "America/Atlantis"),
    ("secret-that-is-no-yaml", "CANARY-smtp-password", "'CANARY-smtp-password", "the file is not YAML"),
)


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """Return a copy of the production config, to be changed."""
    folder = tmp_path / "production"
    shutil.copytree(PRODUCTION, folder)
    return folder


def refuse(alertdrill: CommandLine, folder: Path, out: Path, said: str) -> str:
    """Hold that a run on a folder's config is refused with one sentence; return it."""
    config = str(folder / "alertmanager.yml")
    finished = alertdrill.run_here(
        "run", "paging-warning", "--alertmanager-config", config, "--out", str(out)
    )
    assert finished.code == 2, finished.said
    assert finished.err.count("\n") == 1
    assert finished.err.startswith("alertdrill: ")
    assert said in finished.err
    assert CANARY not in finished.out + finished.err
    assert alertdrill.list_leftovers() == []
    assert find_canaries(out) == []
    return finished.err


@pytest.mark.parametrize(("old", "new", "said"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_a_bad_config_is_refused_with_a_sentence(
    alertdrill: CommandLine, production: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """Exit 2, the file and the line, before anything is started."""
    config = production / "alertmanager.yml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))
    sentence = refuse(alertdrill, production, tmp_path / "out", said)
    assert re.match(rf"alertdrill: {re.escape(str(config))}:\d+: ", sentence)


def test_templates_that_include_each_other_are_refused(
    alertdrill: CommandLine, production: Path, tmp_path: Path
) -> None:
    """A cycle would end in Alertmanager running out of stack, at the first page."""
    with (production / "templates" / "pages.tmpl").open("a") as file:
        file.write('{{ define "mail.text" }}{{ template "mail.body" . }}{{ end }}\n')
        file.write('{{ define "mail.body" }}{{ template "mail.text" . }}{{ end }}\n')
    refuse(alertdrill, production, tmp_path / "out", "mail.body")


def test_a_field_that_this_alertmanager_does_not_know_is_refused(
    alertdrill: CommandLine, production: Path, tmp_path: Path
) -> None:
    """What is new since 0.25 is named with the version that does not have it."""
    config = production / "alertmanager.yml"
    channel = "channel: '#tickets'"
    config.write_text(config.read_text().replace(channel, f"{channel}\n        timeout: 9s"))
    sentence = refuse(
        use(alertdrill, Generation.OLDEST),
        production,
        tmp_path / "out",
        "does not know the field timeout",
    )
    assert "Alertmanager 0.25" in sentence
