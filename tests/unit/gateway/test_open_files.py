"""More connections than the process may have files for are told at the start, not met as calls come."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.gateway.__main__ import main
from alertdrill.gateway.config import Config
from alertdrill.gateway.files import OWN_FILES, count_connections, fit_connections
from alertdrill.gateway.limits import Limits

PATH = Path("gateway.json")


def configure(**limits: int) -> Config:
    """Return a configuration with these limits."""
    providers = {"openai": "http://127.0.0.1:1"}
    return Config(speed=1, data_dir=Path(), providers=providers, limits=Limits(**limits))


@pytest.mark.parametrize(
    ("files", "calls", "connections"),
    [
        (65_536, 10_000, 65_536 - OWN_FILES - 2_000),
        (65_536, 10, 65_536 - OWN_FILES - 10),
        (1_024, 10_000, (1_024 - OWN_FILES) // 2),
        (OWN_FILES, 10, 0),
        (3, 10, 0),
    ],
)
def test_a_call_may_take_a_file_at_both_ends(files, calls, connections):
    """What providers' connections may take is left for them, as long as that is no more than half."""
    assert count_connections(files, calls) == connections


def test_what_fits_is_left_alone():
    """As many as fit are served."""
    most = count_connections(1_024, 10_000)
    config = configure(connections=most)
    assert fit_connections(config, PATH, 1_024) is config


def test_a_stated_bound_that_does_not_fit_is_refused_by_its_key():
    """The error names the file, the key, the limit and what fits."""
    most = count_connections(1_024, 10_000)
    with pytest.raises(BadInput, match=rf"^gateway\.json: limits\.connections: .*1024 open files.* {most};"):
        fit_connections(configure(connections=most + 1), PATH, 1_024)


def test_the_default_is_lowered():
    """Nobody has stated it, so nobody has to change it."""
    fitted = fit_connections(configure(), PATH, 1_024)
    assert fitted.limits.connections == count_connections(1_024, 10_000)


def test_too_few_files_for_anything_are_refused():
    """A gateway that could take no connection does not start."""
    with pytest.raises(BadInput, match=r"limits\.connections"):
        fit_connections(configure(), PATH, OWN_FILES)


def test_the_process_ends_with_the_sentence(tmp_path, monkeypatch, capsys):
    """The start asks the system how many files there may be."""
    config = tmp_path / "gateway.json"
    document = {"speed": 1, "data_dir": str(tmp_path), "providers": {"openai": "http://127.0.0.1:1"}}
    config.write_text(json.dumps(document | {"limits": {"connections": 1_000_000}}))
    monkeypatch.setattr(sys, "argv", ["gateway", "--config", str(config), "--listen", "127.0.0.1:0"])
    monkeypatch.setenv("ALERTDRILL_ADMIN_TOKEN", "a")
    monkeypatch.setenv("ALERTDRILL_PROVIDER_KEY", "p")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with pytest.raises(SystemExit, match="2"):
            main()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert f"{config}: limits.connections: 1000000" in capsys.readouterr().err
