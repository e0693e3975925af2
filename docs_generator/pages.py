"""The generated pages, by file name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from docs_generator.behaviours import write_drill_schema, write_project_schema
from docs_generator.checks import write_checks
from docs_generator.commands import write_commands, write_exit_codes
from docs_generator.drills import write_fields
from docs_generator.projects import write_project_fields
from docs_generator.receivers import write_receivers
from docs_generator.stubs import write_stubs

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
TIMELINE_SCHEMA = "timeline.schema.json"
"""Stands in the package, so that an installed one has it, and is published as it is."""


def make_pages() -> Mapping[str, str]:
    """Return the text of each generated page."""
    return {
        "checks.md": write_checks(),
        "cli.md": write_commands(),
        "exit-codes.md": write_exit_codes(),
        "drill-fields.md": write_fields(),
        "project-fields.md": write_project_fields(),
        "drills.schema.json": write_drill_schema(),
        "project.schema.json": write_project_schema(),
        "receivers.md": write_receivers(),
        "stub-providers.md": write_stubs(),
        TIMELINE_SCHEMA: files("alertdrill.reports").joinpath(TIMELINE_SCHEMA).read_text("utf-8"),
    }
