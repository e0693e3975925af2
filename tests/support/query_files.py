"""Reads a system's `queries.yml`: the queries that its documents call useful, as written and as shipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.plain_yaml import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class UsefulQuery:
    """A query; `finding` is there if it is not shipped as it was written.

    `empty_when_healthy` says why it returns nothing as long as all is well, if that is so.
    """

    name: str
    as_written: str
    expr: str
    why: str
    finding: str | None = None
    empty_when_healthy: str | None = None


def read_queries(path: Path) -> tuple[UsefulQuery, ...]:
    """Return the queries of a file; an unknown or a missing field is an error."""
    return tuple(UsefulQuery(**entry) for entry in read_yaml(path))
