"""Secrets of a project are read when they are sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.project.project import Secret

VALUE = "sk-topsecret"


def test_a_secret_is_in_the_environment() -> None:
    """Without blanks around it."""
    assert Secret(env="KEY").read({"KEY": f" {VALUE}\n"}) == VALUE


def test_a_secret_is_in_a_file(tmp_path: Path) -> None:
    """Without the line break at its end."""
    (tmp_path / "key").write_text(f"{VALUE}\n")
    assert Secret(file=tmp_path / "key").read({}) == VALUE


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "p.toml:3: the environment variable KEY, which has a secret, is not set"),
        ({"KEY": "  "}, "p.toml:3: the environment variable KEY is empty, and should have a secret"),
        ({"KEY": f"{VALUE}\r\nX: y"}, "p.toml:3: the environment variable KEY has no single line of visible"),
        ({"KEY": f"{VALUE}ü"}, "p.toml:3: the environment variable KEY has no single line of visible ASCII"),
    ],
)
def test_a_variable_without_a_secret_is_named(environ: dict[str, str], message: str) -> None:
    """And where the project names it; its value is not shown."""
    with pytest.raises(BadInput) as caught:
        Secret(env="KEY", source="p.toml:3").read(environ)
    assert str(caught.value).startswith(message)
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", VALUE.encode() + b"\xff", b"x" * 100_000, b"a\nb"])
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Whatever it holds instead."""
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        Secret(file=path, source="p.toml:3").read({})
    assert str(caught.value).startswith(f"p.toml:3: {path}")
    assert VALUE not in str(caught.value)
