"""Findings as JUnit XML: a failed case each, for CI systems that show tests only. Pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from alertdrill.core.wording import printable
from alertdrill.linting.finding import Finding


def render(findings: Sequence[Finding], refused: Sequence[str]) -> str:
    """Return a suite with a case for each finding and each file that could not be read.

    Where there is neither, there is one case that passed.
    """
    count = len(findings) + len(refused)
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        name="alertdrill lint",
        tests=str(max(1, count)),
        failures=str(len(findings)),
        errors=str(len(refused)),
    )
    for said in map(printable, refused):
        case = ET.SubElement(suite, "testcase", classname="alertdrill.lint", name=said, time="0")
        ET.SubElement(case, "error", message=said, type="BadInput").text = said
    if not count:
        ET.SubElement(suite, "testcase", classname="alertdrill.lint", name="no findings", time="0")
    for one in findings:
        name = printable(f"{one.place} {one.check}")
        case = ET.SubElement(suite, "testcase", classname=f"alertdrill.lint.{one.check}", name=name, time="0")
        failure = ET.SubElement(case, "failure", message=printable(one.happens), type=one.severity)
        failure.text = printable(f"{one.rule}: {one.happens}\n{one.instead}")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"
