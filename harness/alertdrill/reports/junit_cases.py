"""JUnit's XML of commands whose results are few words each: a case with what it came to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.wording import printable
from alertdrill.reports.junit_xml import add, open_suite, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test case: `of` is what it belongs to, `outcome` is None where it passed, `said` why it did not."""

    of: str
    name: str
    outcome: Literal["failure", "error"] | None = None
    said: str = ""
    output: str = ""


def render_cases(cases: Sequence[Case]) -> str:
    """Return the XML document of some cases."""
    counted = [one.outcome for one in cases]
    suite = open_suite(
        tests=str(len(cases)),
        failures=str(counted.count("failure")),
        errors=str(counted.count("error")),
        time="0",
    )
    for one in cases:
        case = add(suite, "testcase", classname=f"alertdrill.{one.of}", name=one.name, time="0")
        if one.outcome is not None:
            kind = "CouldNotTell" if one.outcome == "error" else "Unmet"
            message = one.said.partition("\n")[0]
            add(case, one.outcome, message=message, type=kind).text = printable(one.said)
        if one.output:
            add(case, "system-out").text = printable(one.output)
    return write(suite)
