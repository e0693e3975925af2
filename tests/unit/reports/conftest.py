"""Reports written to files, for tests that open them in a browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.paging_records import build_paging_record
from support.panel_records import build_panels
from support.report_exercises import LATENCY
from support.report_records import build_record
from support.shown_reports import FIRST

from alertdrill.reports import html


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a realistic run's page to a file, with what changed since the run before."""
    file = tmp_path_factory.mktemp("run") / "report.html"
    changes = [{"kind": "failed", "drill": FIRST, "says": "was met, is not met now"}]
    file.write_text(
        html.render(replace(build_record(), panels=build_panels()), changes, {LATENCY: 87.5}),
        encoding="utf-8",
    )
    return file


@pytest.fixture(scope="module")
def paging_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a run of drills on the paging path to a file."""
    file = tmp_path_factory.mktemp("paging") / "report.html"
    file.write_text(html.render(build_paging_record()), encoding="utf-8")
    return file
