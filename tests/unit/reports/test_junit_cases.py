"""Tests of JUnit's XML of cases."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from alertdrill.reports.junit_cases import Case, render_cases


def test_a_case_has_what_it_came_to() -> None:
    """Failures and errors are counted, and each says why; what passed says neither."""
    cases = [
        Case(of="page", name="A", output="paged"),
        Case(of="page", name="B", outcome="failure", said="no page\x07 came\nlook here"),
        Case(of="page", name="C", outcome="error", said="nobody looked"),
    ]
    suite = ET.fromstring(render_cases(cases)).find("testsuite")  # noqa: S314 - our own document
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    passed, failed, untold = suite.iter("testcase")
    assert [one.tag for one in passed] == ["system-out"]
    assert failed[0].tag == "failure"
    assert failed[0].get("message") == "no page\\x07 came"
    assert (untold[0].tag, untold[0].text) == ("error", "nobody looked")
