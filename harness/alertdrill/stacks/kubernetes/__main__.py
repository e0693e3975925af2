"""`python -m alertdrill.stacks.kubernetes` writes the generated files of deploy/kubernetes anew."""

from __future__ import annotations

import sys
from pathlib import Path

from alertdrill.core.parts import PROVIDERS
from alertdrill.errors import AlertdrillError
from alertdrill.places import ROOT
from alertdrill.runtime.files import write_whole
from alertdrill.runtime.paths import shorten
from alertdrill.stacks.kubernetes import (
    render_gateway_config,
    render_kustomization,
    render_providers,
    render_rules,
    render_service_monitor,
)
from alertdrill.systems import find_own
from alertdrill.systems.catalogue import read_values, render_system_rules
from alertdrill.systems.system import read_text

FOLDER = ROOT / "deploy" / "kubernetes"
TEMPLATE = Path(__file__).parent / "provider.tmpl.yml"


def render_all() -> dict[Path, str]:
    """Return every generated file and its text; raises BadInput."""
    systems = find_own()
    monitoring = {"service-monitor.yaml": render_service_monitor(systems)} | {
        f"rules/{system.name}.yaml": render_rules(
            system.name, render_system_rules(system, read_values(system))
        )
        for system in systems
    }
    return {
        FOLDER / "gateway.json": render_gateway_config(PROVIDERS),
        FOLDER / "providers.yaml": render_providers(read_text(TEMPLATE), PROVIDERS),
        FOLDER / "monitoring" / "kustomization.yaml": render_kustomization(monitoring),
        **{FOLDER / "monitoring" / name: text for name, text in monitoring.items()},
    }


def main() -> None:
    """Write the files, and say what was written."""
    for path, text in render_all().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        sys.stdout.write(f"{shorten(path)}\n")


if __name__ == "__main__":
    try:
        main()
    except AlertdrillError as error:
        sys.exit(f"alertdrill: {error}")
