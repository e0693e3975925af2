"""What a folder has where a command ends before it has found anything, as with `run --out`.

Who reads the folder afterwards must not take an older report for what this time was found. Input that is
refused (exit code 2) leaves a folder as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alertdrill.cli.complaining import complain
from alertdrill.errors import CannotWrite, CouldNotTell
from alertdrill.reports.junit import render_error
from alertdrill.runtime.files import make_folder, naming, write_whole


@contextmanager
def leave_no_claim(out: Path | None, reports: Iterable[str], *, junit: str | None = None) -> Iterator[None]:
    """Take an older run's `reports` out of a folder where nobody can tell; a `junit` among them says why.

    Raises CannotWrite where that cannot be done; why nobody can tell is said first.
    """
    try:
        yield
    except CouldNotTell as error:
        if out is None:
            raise
        try:
            make_folder(out, "cannot be written to")
            if junit is not None:
                write_whole(out / junit, render_error(str(error)))
            for path in (out / name for name in reports if name != junit):
                with naming(str(path)):
                    path.unlink(missing_ok=True)
        except CannotWrite:
            complain(f"alertdrill: {error}")
            raise
        raise
