"""The stack's first container: what it writes, and when it leaves everything as it is."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from pathlib import Path

import pytest
import yaml
from support.whole_runs import ROOT

from alertdrill.alertmanager.recorder import FEATURE, FILE_NAME, has_recorder
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.core.parts import PROVIDERS
from alertdrill.errors import BadInput, BadRules
from alertdrill.rules.files import parse_rules
from alertdrill.stacks import Setup
from alertdrill.stacks.compose.order import ORDER_NAME, pack_order, read_order
from alertdrill.stacks.compose.prepare import SECRET_NAMES, Folders, prepare
from alertdrill.stacks.compose.stack import RECORDED

RULES = """
groups:
  - name: one
    rules:
      - alert: Slow
        expr: rate(calls_total[5m]) > 2
        for: 10m
"""


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Return empty volumes, and data that an earlier run has left."""
    made = Folders(
        config=tmp_path / "config",
        secrets=tmp_path / "secrets",
        data=tmp_path / "data",
        mounted=tmp_path / "mounted",
    )
    for folder in (made.config, made.secrets, made.data / "gateway" / "wal", made.mounted / "rules"):
        folder.mkdir(parents=True)
    (made.data / "gateway" / "wal" / "1").write_text("old")
    return made


def make_setup(speed: float = 30.0) -> Setup:
    """Return what a run asks for."""
    return Setup(
        speed=speed,
        rules=(parse_rules(RULES, "mine.yml"),),
        alertmanager=make_reference_config(["metis"]),
        logs=Path("logs"),
        zones={"alertdrill/UTC": b"TZif"},
    )


def read_all(folder: Path) -> dict[Path, bytes]:
    """Return the content of every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put_order(folders: Folders, setup: Setup) -> None:
    """Put an order where docker's API would unpack it."""
    with tarfile.open(fileobj=io.BytesIO(pack_order(setup))) as archive:
        file = archive.extractfile(ORDER_NAME)
        assert file is not None
        (folders.config / ORDER_NAME).write_bytes(file.read())


def test_without_an_order_the_mounted_folder_counts(folders: Folders) -> None:
    """Rules and speed of the user's, dilated; the rest is our own."""
    (folders.mounted / "rules" / "mine.yml").write_text(RULES)
    assert prepare(folders, "60") == "1 rule files at speed 60"
    assert "[5s]" in (folders.config / "rules-0.yml").read_text()
    assert (folders.config / "speed").read_text() == "60"
    gateway = json.loads((folders.config / "gateway.json").read_text())
    assert gateway["providers"] == {name: f"http://provider-{name}:8080" for name in PROVIDERS}
    arguments = (folders.config / "prometheus.args").read_text().splitlines()
    assert "--query.lookback-delta=5s" in arguments
    routes = json.loads((folders.config / "alertmanager.yml").read_text())["route"]
    assert routes["group_wait"] == "500ms"


def test_alertmanager_records_what_it_does_where_the_preparing_container_finds_it(folders: Folders) -> None:
    """The compose file switches the recorder on; what it writes lies in the volume of Alertmanager's data."""
    prepare(folders, "60")
    config = json.loads((folders.config / "alertmanager.yml").read_text())
    (output,) = config["event_recorder"]["file_outputs"]
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert f"--enable-feature={FEATURE}" in services["alertmanager"]["command"]
    assert has_recorder(services["alertmanager"]["image"].partition(":v")[2])
    volume, _, folder = services["alertmanager"]["volumes"][-1].partition(":")
    assert output["path"] == f"{folder}/{FILE_NAME}"
    assert f"{volume}:{RECORDED.removesuffix(f'/{FILE_NAME}')}" in services["prepare"]["volumes"]


def test_own_rules_are_all_systems_alerts(folders: Folders) -> None:
    """Nothing mounted: whatever the catalogue holds drills of is loaded."""
    prepare(folders, "60")
    texts = "".join(path.read_text() for path in folders.config.glob("rules-*.yml"))
    assert "MetisHighLLMErrorRate" in texts or texts.count("alert:") > 20


def test_an_order_wins_and_empties_the_volumes(folders: Folders) -> None:
    """A run gets a stack that nobody has used, at its own speed, and the order is used up."""
    put_order(folders, make_setup(30))
    prepare(folders, "60")
    assert "[10s]" in (folders.config / "rules-0.yml").read_text()
    assert list(folders.data.rglob("*")) == [folders.data / "gateway"]
    assert (folders.config / "zoneinfo" / "alertdrill" / "UTC").read_bytes() == b"TZif"
    assert not (folders.config / ORDER_NAME).exists()


def test_nothing_is_touched_when_nothing_has_changed(folders: Folders) -> None:
    """`docker compose up` starts this container again beside parts that run, also after a run's order."""
    prepare(folders, "60")
    put_order(folders, make_setup(30))
    prepare(folders, "60")
    (folders.data / "gateway" / "new").write_text("in use")
    before = read_all(folders.config)
    assert prepare(folders, "60") == "nothing has changed"
    assert before == read_all(folders.config)
    assert (folders.data / "gateway" / "new").read_text() == "in use"
    assert prepare(folders, "40") != "nothing has changed"
    assert list(folders.data.rglob("*")) == [folders.data / "gateway"]


def test_secrets_are_made_once_and_are_long(folders: Folders) -> None:
    """They stay the same for as long as the volume does, and no two are alike."""
    prepare(folders, "60")
    made = {name: (folders.secrets / name).read_text() for name in SECRET_NAMES}
    prepare(folders, "50")
    assert made == {name: (folders.secrets / name).read_text() for name in SECRET_NAMES}
    assert len(set(made.values())) == len(SECRET_NAMES)
    assert all(len(secret) >= 40 for secret in made.values())
    written = b"".join(read_all(folders.config).values())
    assert not any(secret.encode() in written for secret in made.values())


def test_secrets_and_what_holds_one_are_their_owners_alone(folders: Folders) -> None:
    """Whatever the umask, also where an older version left the folders open."""
    for folder in (folders.secrets, folders.config):
        folder.chmod(0o777)
    umask = os.umask(0)
    try:
        prepare(folders, "60")
    finally:
        os.umask(umask)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (folders.secrets, folders.config)} == {0o700}
    holders = [*folders.secrets.iterdir(), folders.config / "alertmanager.yml"]
    assert {path.name for path in holders} > {*SECRET_NAMES, "certificate.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}


@pytest.mark.parametrize("speed", ["fast", "0.5", "301", "nan", "-60", ""])
def test_a_speed_that_cannot_be_is_refused(folders: Folders, speed: str) -> None:
    """And nothing has been written or emptied by then."""
    with pytest.raises(BadInput, match="ALERTDRILL_SPEED"):
        prepare(folders, speed)
    assert list(folders.config.iterdir()) == []
    assert (folders.data / "gateway" / "wal" / "1").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("rules/mine.yml", "groups: [", "mine.yml"),
        ("rules/mine.yml", RULES.replace("[5m]", "[5m] @ 0"), "mine.yml"),
        ("alertmanager.yml", "route: [", "alertmanager.yml"),
        ("alertmanager.yml", "receivers: []", "alertmanager.yml"),
    ],
)
def test_mounted_files_that_cannot_be_used_are_refused_by_name(
    folders: Folders, name: str, text: str, said: str
) -> None:
    """Before anything is emptied."""
    (folders.mounted / name).write_text(text)
    with pytest.raises((BadInput, BadRules), match=said):
        prepare(folders, "60")
    assert (folders.data / "gateway" / "wal" / "1").exists()


def test_an_order_comes_through_as_it_was() -> None:
    """Rules keep their names, for messages."""
    with tarfile.open(fileobj=io.BytesIO(pack_order(make_setup()))) as archive:
        file = archive.extractfile(ORDER_NAME)
        assert file is not None
        order = read_order(file.read().decode())
    assert (order.speed, order.rules) == (30.0, make_setup().rules)
    config = make_setup().alertmanager
    assert (order.alertmanager.document, order.alertmanager.source) == (config.document, config.source)
    assert order.alertmanager.templates == config.templates
    assert order.zones == {"alertdrill/UTC": b"TZif"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"speed": "x"}'])
def test_an_order_that_is_none_is_refused(text: str) -> None:
    """Whoever can write into the volume cannot crash the container without a sentence."""
    with pytest.raises(BadInput, match=ORDER_NAME):
        read_order(text)
