"""Configs out of a grammar, each with one thing changed, load here where real Alertmanagers load them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.config_grammar import BUILT_IN, list_configs
from support.examples import scale_examples
from support.receiver_sections import OLDEST, SECTIONS

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import AlertmanagerConfig, read_config
from alertdrill.alertmanager.original_check import check_original
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.schema import ADDRESS, SECRET
from alertdrill.alertmanager.target import Target
from alertdrill.core.clock import Clock
from alertdrill.core.expectation import Integration
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

BATCH = 50
"""Configs that amtool looks at together: to start it takes longer than a config does."""
LOCATED = 1
"""Of a batch: the line of so many is looked for, which takes amtool many times."""
EMPTY = re.compile(
    r"an item of (fields|actions|attachments|receivers|inhibit_rules) is empty|a label in equal has no name"
)
"""What is refused though one generation or the other loads it: one of them dies of it, at once or later."""
TARGET = Target(
    url="https://127.0.0.1:1",
    smarthost="127.0.0.1:2",
    ca_file="/nowhere",
    token_file="/nowhere",
    token="t",
    templates_folder="/nowhere",
)


def ask_amtool(engines: Engines, paths: Sequence[Path], folder: Path) -> list[bool]:
    """Return of each file whether Alertmanager would load it.

    On an empty route it would die, as amtool does, which then says nothing of the files after that one.
    """
    loads: list[bool] = []
    while len(loads) < len(paths):
        done = subprocess.run(
            [engines.amtool, "check-config", *paths[len(loads) :]],
            env={"ZONEINFO": str(folder / "zoneinfo")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said = re.findall(r"Checking '.*?(SUCCESS|FAILED|panic: )", done.stdout + done.stderr, re.DOTALL)
        assert said, done.stderr
        loads += [one == "SUCCESS" for one in said]
    return loads


def read(path: Path) -> AlertmanagerConfig | str:
    """Return a config, or why it is refused before Alertmanager's own tool is asked."""
    try:
        return read_config(path)
    except BadInput as error:
        return str(error)


def place_zones(config: AlertmanagerConfig, folder: Path) -> None:
    """Write the zones that a redirected config names."""
    calendar = Calendar(origin=datetime(2026, 1, 1, tzinfo=UTC))
    for name, content in write_zones(config.document, Clock(speed=60, origin_s=0), calendar, 60).items():
        path = folder / "zoneinfo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@given(seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=scale_examples(0.2), phases=(Phase.generate,), derandomize=True)
def test_a_config_is_taken_where_alertmanager_loads_it(
    each_engines: Engines, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Of both generations; as it is pointed at the pager, too, and what is refused has its line."""
    folder = tmp_path_factory.mktemp("configs")
    paths = {folder / f"{number}.yml": text for number, text in enumerate(list_configs(seed, BATCH))}
    for path, text in paths.items():
        path.write_text(text)
    read_here = {path: read(path) for path in paths}
    loads = dict(zip(paths, ask_amtool(each_engines, list(paths), folder), strict=True))
    for path, said in read_here.items():
        if isinstance(said, str):
            assert said.startswith(f"{path}:"), said
            assert not loads[path] or EMPTY.search(said), f"{said}\n{paths[path]}"
    taken = {path: said for path, said in read_here.items() if not isinstance(said, str)}
    _demand_loadable(each_engines, {path: one for path, one in taken.items() if loads[path]}, folder)
    for path in [path for path in taken if not loads[path]][:LOCATED]:
        with pytest.raises(BadInput, match=rf"{re.escape(str(path))}(:\d+)?: Alertmanager "):
            check_original(each_engines.amtool, each_engines.versions["alertmanager"], taken[path])


def list_without_secrets() -> Iterator[tuple[str, str]]:
    """Yield configs of one integration each, which lack one of its secrets and addresses, and their names."""
    for integration, section in {**BUILT_IN, **SECTIONS}.items():
        kind = RECEIVER_KINDS[integration]
        for field in section:
            if kind.fields[field] in (SECRET, ADDRESS):
                left = {key: value for key, value in section.items() if key != field}
                yield f"{integration} without {field}", _write_one(integration, left)


def test_a_secret_may_be_missing_where_alertmanager_finds_it_elsewhere(
    each_engines: Engines, tmp_path: Path
) -> None:
    """Amazon's keys are in the environment, or a machine's role has them; incident.io's may be in a proxy."""
    texts = dict(list_without_secrets())
    paths = {name: tmp_path / f"{number}.yml" for number, name in enumerate(texts)}
    for name, path in paths.items():
        path.write_text(texts[name])
    read_here = {name: read(path) for name, path in paths.items()}
    loads = dict(zip(paths, ask_amtool(each_engines, list(paths.values()), tmp_path), strict=True))
    refused = {name for name, said in read_here.items() if isinstance(said, str)}
    newest = {name for name in texts if name.partition(" ")[0] not in OLDEST}
    known = set(texts) if each_engines.versions["alertmanager"] > "0.26" else set(texts) - newest
    assert {name for name in known if not loads[name]} == refused & known
    assert "sns without sigv4" not in refused
    _demand_loadable(
        each_engines,
        {paths[n]: one for n, one in read_here.items() if loads[n] and not isinstance(one, str)},
        tmp_path,
    )


def list_with_odd_values() -> Iterator[str]:
    """Yield configs of one integration each, of which one field is null, or a number."""
    for integration, section in {**BUILT_IN, **SECTIONS}.items():
        for field in RECEIVER_KINDS[integration].fields:
            for value in (None, [None], 1.5):
                yield _write_one(integration, {**section, field: value})


def test_any_field_may_be_empty_or_a_number_where_alertmanager_takes_it(
    each_engines: Engines, tmp_path: Path
) -> None:
    """Written out, that is loaded, too."""
    paths = {tmp_path / f"{number}.yml": text for number, text in enumerate(list_with_odd_values())}
    for path, text in paths.items():
        path.write_text(text)
    loads = dict(zip(paths, ask_amtool(each_engines, list(paths), tmp_path), strict=True))
    read_here = {path: read(path) for path, is_loaded in loads.items() if is_loaded}
    refused = {path: said for path, said in read_here.items() if isinstance(said, str)}
    assert [said for said in refused.values() if not EMPTY.search(said)] == []
    taken = {path: one for path, one in read_here.items() if not isinstance(one, str)}
    _demand_loadable(each_engines, taken, tmp_path)


def _write_one(integration: Integration, section: Mapping[str, Any]) -> str:
    stated = yaml.safe_dump(dict(section), default_flow_style=True, width=2**16).strip()
    receiver = re.sub(r"\{\{ template .*?\}\}", "x", f"{{name: a, {integration}_configs: [{stated}]}}")
    return f"route: {{receiver: a}}\nreceivers: [{receiver}]\n"


def _demand_loadable(engines: Engines, taken: Mapping[Path, AlertmanagerConfig], folder: Path) -> None:
    """Assert that Alertmanager loads what is made of configs that it loads."""
    redirected = {}
    for path, config in taken.items():
        place_zones(config, folder)
        written = path.with_suffix(".redirected.yml")
        written.write_text(write_config(config, target=TARGET, speed=60))
        redirected[written] = path
    for written, is_loaded in zip(redirected, ask_amtool(engines, list(redirected), folder), strict=True):
        assert is_loaded, f"{redirected[written].read_text()}\n{written.read_text()}"
