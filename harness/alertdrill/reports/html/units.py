"""Values in Grafana's units, as an axis or a legend writes them.

https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/#unit; a unit that is
not known here is written behind the number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

SUFFIXES: Mapping[str, str] = {
    "short": "",
    "none": "",
    "bool": "",
    "percent": " %",
    "percentunit": " %",
    "reqps": " req/s",
    "ops": " ops/s",
    "cps": "/s",
    "s": " s",
    "ms": " ms",
    "bytes": "B",
    "decbytes": "B",
}
PREFIXES = ("", "k", "M", "G", "T", "P")
BINARY_PREFIXES = (" ", " Ki", " Mi", " Gi", " Ti", " Pi")
CURRENCIES: Mapping[str, str] = {"currencyUSD": "$", "currencyEUR": "€", "currencyGBP": "£"}
SCALED = {"short", "none", *CURRENCIES}
"""Units whose large numbers are written with a prefix."""


def find_base(unit: str) -> float:
    """Return what a unit's prefixes count in, and what its round numbers are multiples of."""
    return 1024.0 if unit == "bytes" else 1000.0


def say_value(value: float, unit: str) -> str:
    """Write a value in a unit: `12 %`, `$1.5k`, `3 KiB`, `+Inf s`."""
    suffix = SUFFIXES.get(unit, "" if unit in CURRENCIES else f" {unit}")
    if not math.isfinite(value):
        number = "NaN" if math.isnan(value) else f"{value:+g}".replace("inf", "Inf")
        return f"{number}{suffix}"
    if unit == "percentunit":
        value *= 100
    prefix = ""
    if unit in SCALED or unit in {"bytes", "decbytes"}:
        base = find_base(unit)
        power = 0
        while abs(value) >= base and power < len(PREFIXES) - 1:
            value /= base
            power += 1
        prefix = BINARY_PREFIXES[power] if unit == "bytes" else PREFIXES[power]
        if unit == "decbytes":
            prefix = f" {prefix}"
    sign = "-" if value < 0 else ""
    return f"{sign}{CURRENCIES.get(unit, '')}{_shorten(abs(value))}{prefix}{suffix}"


def _shorten(value: float) -> str:
    """Write a number with up to four digits, without an exponent unless it is very small or large."""
    if value and not 1e-3 <= value < 1e6:
        return f"{value:.3g}"
    return f"{float(f'{value:.4g}'):f}".rstrip("0").rstrip(".")
