"""`python -m alertdrill.systems.grafana [FOLDER…]` writes each system's `rules.yml` and `dashboard.json`.

Of each folder that is named, which has a project's `panels.yml` and `rules.yml`, it writes `dashboard.json`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alertdrill.errors import AlertdrillError
from alertdrill.runtime.files import write_whole
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.paths import shorten
from alertdrill.systems import find_own
from alertdrill.systems.catalogue import read_dashboard, read_values, render_system_rules
from alertdrill.systems.grafana import render
from alertdrill.systems.grafana.folders import DASHBOARD, read_folder_dashboard


def main() -> None:
    """Write what is made of the systems' values, and say what was written."""
    for system in find_own():
        values = read_values(system)
        made = {system.rules_path: render_system_rules(system, values)}
        if is_there(system.panels_path):
            made[system.dashboard_path] = render(read_dashboard(system, values))
        for path, text in made.items():
            write_whole(path, text)
            sys.stdout.write(f"{shorten(path)}\n")
    for folder in map(Path, sys.argv[1:]):
        write_whole(folder / DASHBOARD, render(read_folder_dashboard(folder)))
        sys.stdout.write(f"{folder / DASHBOARD}\n")


if __name__ == "__main__":
    try:
        main()
    except AlertdrillError as error:
        sys.exit(f"alertdrill: {error}")
