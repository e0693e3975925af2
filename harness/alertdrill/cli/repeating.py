"""The command that holds a drill once more, made of the one that was typed.

What says where reports go is left out, and so are the values of headers, which may be secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from alertdrill.cli.help import TYPED
from alertdrill.reports import DRILL

LEFT_OUT = frozenset(
    {"system", "out", "keep_recordings", "as_json", "junit", "push", "push_headers", "is_watched"}
)
"""What does not change how one drill comes out, by parameter."""
NAMES = "names"
"""The parameter that takes drills' names."""
HEADERS = frozenset({"headers"})


def write_repeat(context: click.Context | None) -> tuple[str, ...]:
    """Return the words of a command that repeats this one for some drill; none where none was typed."""
    if context is None or TYPED not in context.meta:
        return ()
    command = context.command
    typed, _, order = command.make_parser(context).parse_args(list(context.meta[TYPED]))
    words = ["alertdrill", str(context.info_name)]
    if any(parameter.name == NAMES for parameter in command.params):
        words.append(DRILL)
    stated = sorted(dict.fromkeys(order), key=lambda one: isinstance(one, click.Option))
    for parameter in stated:
        if parameter.name not in LEFT_OUT | {NAMES}:
            words += _repeat(parameter, typed[str(parameter.name)])
    return tuple(words)


def _repeat(parameter: click.Parameter, value: Any) -> Iterator[str]:
    """Yield the words of one parameter, each of its values in turn."""
    for one in value if isinstance(value, tuple | list) else (value,):
        if isinstance(parameter, click.Argument):
            yield str(one)
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            yield parameter.opts[0]
        else:
            yield parameter.opts[0]
            yield _hide(str(one)) if parameter.name in HEADERS else str(one)


def _hide(header: str) -> str:
    """Return a header without its value, unless that is in a file."""
    name, _, value = header.partition("=")
    return header if value.startswith("@") else f"{name}=…"
