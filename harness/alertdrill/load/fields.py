"""Reads JSON objects strictly: every field is known, typed and bounded, or one sentence says which is not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from alertdrill.load.errors import BadPlan

MAX_ITEMS = 1_000
MAX_CHARS = 500


class Fields:
    """The fields of one object, taken one by one; `where` names the object in sentences.

    Every method raises BadPlan. A field that is absent takes its default; one without a default is
    required, unless `assumed` has what it is then.
    """

    def __init__(self, value: Any, where: str, assumed: Mapping[str, Any] = MappingProxyType({})) -> None:
        if not isinstance(value, Mapping):
            raise BadPlan(f"{where} must be an object")
        self.where = where
        self._rest = dict(value)
        self._assumed = assumed

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that are left."""
        return tuple(self._rest)

    def text(self, name: str, default: str | None = None, *, of: tuple[str, ...] = ()) -> str:
        """Take a text that is not empty, of at most MAX_CHARS characters; one of `of`, if given."""
        value = self._take(name, default)
        if not isinstance(value, str) or not 1 <= len(value) <= MAX_CHARS or not value.isprintable():
            raise BadPlan(f"{self.where}: {name} must be a text of 1 to {MAX_CHARS} printable characters")
        if of and value not in of:
            raise BadPlan(f"{self.where}: {name} must be one of {', '.join(of)}, not {value!r}")
        return value

    def number(self, name: str, default: float | None = None, *, least: float, most: float) -> float:
        """Take a finite number between two bounds, both allowed."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadPlan(f"{self.where}: {name} must be a number")
        if not least <= value <= most:
            raise BadPlan(f"{self.where}: {name} must be between {least:g} and {most:g}, not {value:g}")
        return float(value)

    def whole(self, name: str, default: int | None = None, *, least: int, most: int) -> int:
        """Take a whole number between two bounds, both allowed."""
        value = self.number(name, default, least=least, most=most)
        if not value.is_integer():
            raise BadPlan(f"{self.where}: {name} must be a whole number, not {value:g}")
        return int(value)

    def texts(self, name: str, default: list[str] | None = None) -> tuple[str, ...]:
        """Take a list of at least one text."""
        values = self._take_list(name, default)
        if not values:
            raise BadPlan(f"{self.where}: {name} must not be empty")
        return tuple(Fields({name: value}, self.where).text(name) for value in values)

    def wholes(
        self, name: str, default: list[int] | None = None, *, least: int, most: int
    ) -> tuple[int, ...]:
        """Take a list of whole numbers between two bounds, both allowed."""
        values = self._take_list(name, default)
        return tuple(
            Fields({name: value}, self.where).whole(name, least=least, most=most) for value in values
        )

    def objects(self, name: str, default: list[Any] | None = None) -> list[Self]:
        """Take a list of objects."""
        values = self._take_list(name, default)
        return [type(self)(value, f"{self.where}: {name}[{index}]") for index, value in enumerate(values)]

    def rows(self, name: str, *, width: int, most: int) -> list[list[float]]:
        """Take a list of at most `most` lists of `width` numbers that are finite and not negative."""
        rows = self._take(name, None)
        if not isinstance(rows, list) or len(rows) > most:
            raise BadPlan(f"{self.where}: {name} must be a list of at most {most} rows")
        for index, row in enumerate(rows):
            if not (isinstance(row, list) and len(row) == width and all(map(_is_amount, row))):
                raise BadPlan(f"{self.where}: {name}[{index}] must be {width} numbers from 0 up")
        return rows

    def mapping(self, name: str, default: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Take an object as it is."""
        value = self._take(name, default)
        if not isinstance(value, Mapping) or len(value) > MAX_ITEMS:
            raise BadPlan(f"{self.where}: {name} must be an object of at most {MAX_ITEMS} fields")
        return dict(value)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._rest.get(name) is not None

    def end(self) -> None:
        """Say that every field has been taken: what is left is not known."""
        if left := [name for name, value in self._rest.items() if value is not None]:
            raise BadPlan(f"{self.where}: unknown field {left[0]!r}")

    def _take(self, name: str, default: Any) -> Any:
        value = self._rest.pop(name, None)
        if value is None:
            value = default
        if value is None:
            value = self._assumed.get(name)
        if value is None:
            raise BadPlan(f"{self.where}: {name} is missing")
        return value

    def _take_list(self, name: str, default: list[Any] | None) -> list[Any]:
        values = self._take(name, default)
        if not isinstance(values, list) or len(values) > MAX_ITEMS:
            raise BadPlan(f"{self.where}: {name} must be a list of at most {MAX_ITEMS} items")
        return values


def _is_amount(value: object) -> bool:
    """Say whether this is a number that is finite and not negative."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
