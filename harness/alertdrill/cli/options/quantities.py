"""Quantities on the command line, written as in a file of drills: `10m`, `0.4/s`, `10%`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

from alertdrill.rules.fields import parse_rate, parse_seconds, parse_share


class Quantity(click.ParamType[float]):
    """An option's value that `parse` makes a number of; `wanted` says how it is written."""

    def __init__(self, name: str, wanted: str, parse: Callable[[str], float | None]) -> None:
        self.name = name
        self._wanted = wanted
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; what is a number already is a default."""
        if isinstance(value, int | float):
            return value
        number = self._parse(str(value))
        if number is None:
            self.fail(f"{value!r} is not {self._wanted}", param, ctx)
        return number


class Instant(click.DateTime):
    """A date and a time in minutes, without a zone."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%dT%H:%M"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the instant."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no date and time, such as 2026-01-05T21:50", param, ctx)


class Speed(click.FloatRange):
    """How many times as fast; unlike click's own range, it has no place for what is no number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the speed."""
        speed: float = super().convert(value, param, ctx)
        if math.isnan(speed):
            self.fail(f"{value!r} is no number", param, ctx)
        return speed


def _read_part(text: str) -> float | None:
    share = parse_share(text)
    return share if share is not None and share <= 1 else None


DURATION = Quantity("duration", "a duration such as 10m or 200ms", parse_seconds)
RATE = Quantity("rate", "a rate such as 0.4/s or 24/m", parse_rate)
SHARE = Quantity("share", "a share from 0% to 100%", _read_part)
