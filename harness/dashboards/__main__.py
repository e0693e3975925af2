"""`python -m harness.dashboards` writes each system's `rules.yml` and `dashboard.json` anew."""

from __future__ import annotations

import sys

from harness.catalogue import read_dashboard, read_values, render_system_rules
from harness.dashboards import render
from harness.errors import AlertdrillError
from harness.files import write_whole
from harness.paths import shorten
from harness.systems import find_systems


def main() -> None:
    """Write what is made of the systems' values, and say what was written."""
    for system in find_systems():
        values = read_values(system)
        made = {system.rules_path: render_system_rules(system, values)}
        if system.panels_path.exists():
            made[system.dashboard_path] = render(read_dashboard(system, values))
        for path, text in made.items():
            write_whole(path, text)
            sys.stdout.write(f"{shorten(path)}\n")


if __name__ == "__main__":
    try:
        main()
    except AlertdrillError as error:
        sys.exit(f"alertdrill: {error}")
