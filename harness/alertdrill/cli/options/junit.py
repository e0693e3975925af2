"""The option `--junit`: where a command writes its verdicts for CI, also where it could not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.reports.junit import render_error
from alertdrill.runtime.files import STANDARD_OUTPUT, check_target, write_whole

P = ParamSpec("P")
R = TypeVar("R")
NAME = "junit"

_option = click.option(
    "--junit",
    NAME,
    type=WrittenPath(path_type=Path),
    metavar="FILE",
    help="Also write what it comes to as JUnit XML, for CI.",
)


def check_junit(path: Path, inputs: Iterable[Path | None], *, is_judged: bool) -> None:
    """Raise BadInput where nothing is judged, and CannotWrite for a file that is read."""
    if not is_judged:
        raise BadInput("--junit is for what is judged: nothing is, where alerts or routing are only shown")
    check_target(path, inputs=[one for one in inputs if one is not None])


def take_junit_option(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the option, and an errored case to the file where it cannot tell."""

    @wraps(command)
    def told(*args: P.args, **values: P.kwargs) -> R:
        path = values[NAME]
        if path == STANDARD_OUTPUT:
            raise BadInput("--junit: name a file: standard output has what people read")
        try:
            return command(*args, **values)
        except CouldNotTell as error:
            if isinstance(path, Path):
                write_whole(path, render_error(str(error)))
            raise

    return _option(told)
