"""Tests of the house itself: dependencies run one way, and nothing imports sideways."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    # pure: no I/O
    "harness.model": set(),
    "harness.errors": set(),
    "harness.clock": {"harness.errors"},
    "harness.paths": set(),
    "harness.nesting": set(),
    "harness.fingerprint": {"harness.model"},
    "harness.golden": set(),
    "harness.recordings": set(),
    "harness.replays": set(),
    "harness.recordings.recording": {"harness.errors", "harness.model", "harness.promql"},
    "harness.replays.unit_tests": {
        "harness.replays.activity",
        "harness.errors",
        "harness.model",
        "harness.replays.notation",
        "harness.promql",
        "harness.rules",
    },
    "harness.recordings.selecting": {
        "harness.errors",
        "harness.model",
        "harness.promql",
        "harness.recordings.recording",
        "harness.rules",
    },
    "harness.recordings.openmetrics": {"harness.errors", "harness.model", "harness.recordings.recording"},
    "harness.inbox": {"harness.model"},
    "harness.incidents": {"harness.model"},
    "harness.hops": {"harness.incidents", "harness.model"},
    "harness.promql_constants": set(),
    "harness.promql_text": {"harness.errors", "harness.promql_constants"},
    "harness.promql_nesting": {"harness.errors"},
    "harness.promql": {
        "harness.errors",
        "harness.model",
        "harness.promql_constants",
        "harness.promql_nesting",
        "harness.promql_text",
    },
    "harness.yaml_nodes": {"harness.errors"},
    "harness.yaml_edits": {"harness.yaml_nodes"},
    "harness.round_trip": {"harness.errors"},
    "harness.rules": {
        "harness.errors",
        "harness.model",
        "harness.promql",
        "harness.reading",
        "harness.yaml_nodes",
    },
    "harness.dilator": {"harness.errors", "harness.promql"},
    "harness.dilation": {
        "harness.model",
        "harness.errors",
        "harness.promql",
        "harness.dilator",
        "harness.rules",
        "harness.templates",
        "harness.yaml_edits",
        "harness.yaml_nodes",
    },
    "harness.templates": {"harness.errors", "harness.promql_text"},
    "harness.rule_values": {"harness.model", "harness.promql", "harness.rules"},
    "harness.values": {"harness.round_trip", "harness.errors", "harness.rules", "harness.yaml_nodes"},
    "harness.panels": {"harness.errors", "harness.model", "harness.promql", "harness.values"},
    "harness.curves": set(),
    "harness.replays.notation": {"harness.model", "harness.promql", "harness.recordings.recording"},
    "harness.replays.grid": {"harness.errors", "harness.promql", "harness.recordings.recording"},
    "harness.replays.stages": {
        "harness.errors",
        "harness.model",
        "harness.promql",
        "harness.rules",
        "harness.recordings.selecting",
    },
    "harness.replays.activity": {"harness.model", "harness.recordings.recording", "harness.replays.stages"},
    "harness.explain": {"harness.clock", "harness.model"},
    "harness.delivery": {"harness.clock", "harness.explain", "harness.incidents", "harness.model"},
    "harness.silence": {"harness.clock", "harness.delivery", "harness.model"},
    "harness.judge": {
        "harness.clock",
        "harness.delivery",
        "harness.incidents",
        "harness.model",
        "harness.silence",
    },
    "harness.coverage": {"harness.model"},
    "harness.dependence": {"harness.delivery", "harness.model"},
    "harness.doubts": {"harness.clock", "harness.dependence", "harness.model"},
    "harness.fidelity": set(),
    "harness.packing": {"harness.model"},
    "harness.schedule": {"harness.errors", "harness.model", "harness.packing"},
    "harness.agreement": {"harness.clock", "harness.model"},
    "harness.golden.cutting": {"harness.errors", "harness.model", "harness.recordings.recording"},
    "harness.golden.digests": {"harness.model"},
    "harness.reports": {
        "harness.agreement",
        "harness.model",
        "harness.errors",
        "harness.clock",
        "harness.coverage",
        "harness.hops",
        "harness.incidents",
        "harness.panels",
        "harness.reports",
    },
    # the edge
    "harness.rulebook": {
        "harness.model",
        "harness.promql",
        "harness.recordings.recording",
        "harness.rules",
    },
    "harness.golden.folder": {
        "harness.errors",
        "harness.files",
        "harness.golden.digests",
        "harness.model",
        "harness.nesting",
        "harness.reading",
        "harness.recordings.files",
        "harness.recordings.recording",
        "harness.systems",
    },
    "harness.confirmation": {
        "harness.agreement",
        "harness.api",
        "harness.clock",
        "harness.errors",
        "harness.files",
        "harness.judge",
        "harness.model",
        "harness.observe",
        "harness.phases",
        "harness.recordings.recorder",
        "harness.recordings.recording",
        "harness.replays.inquiry",
        "harness.replays.promtool",
        "harness.replays.replay",
        "harness.reports",
        "harness.rulebook",
        "harness.rules",
    },
    "harness.phases": {
        "harness.model",
        "harness.promql",
        "harness.recordings.recording",
        "harness.replays.plan",
        "harness.rules",
    },
    "harness.golden.gate": {
        "harness.dependence",
        "harness.doubts",
        "harness.errors",
        "harness.golden.digests",
        "harness.golden.folder",
        "harness.judge",
        "harness.model",
        "harness.recordings.recording",
        "harness.replays.replay",
        "harness.reports",
        "harness.rulebook",
        "harness.rules",
        "harness.recordings.selecting",
        "harness.stacks",
    },
    "harness.golden.making": {
        "harness.agreement",
        "harness.confirmation",
        "harness.errors",
        "harness.golden.gate",
        "harness.golden.cutting",
        "harness.golden.digests",
        "harness.golden.folder",
        "harness.judge",
        "harness.model",
        "harness.promql",
        "harness.recordings.recording",
        "harness.replays.replay",
        "harness.rulebook",
        "harness.rules",
    },
    "harness.history": {
        "harness.coverage",
        "harness.errors",
        "harness.files",
        "harness.model",
        "harness.nesting",
        "harness.reading",
    },
    "harness.process": {"harness.errors", "harness.lastwords", "harness.limits"},
    "harness.engines": {
        "harness.engines",
        "harness.errors",
        "harness.files",
        "harness.lastwords",
        "harness.limits",
        "harness.process",
    },
    "harness.catalogue": {
        "harness.errors",
        "harness.model",
        "harness.panels",
        "harness.paths",
        "harness.reading",
        "harness.rules",
        "harness.systems",
        "harness.values",
        "scenarios.drills",
    },
    "harness.dashboards": {
        "harness.catalogue",
        "harness.dashboards",
        "harness.errors",
        "harness.files",
        "harness.panels",
        "harness.paths",
        "harness.systems",
    },
    "harness.manifests": {
        "harness.round_trip",
        "harness.catalogue",
        "harness.errors",
        "harness.files",
        "harness.manifests",
        "harness.paths",
        "harness.rules",
        "harness.stacks",
        "harness.systems",
        "harness.values",
    },
    "harness.files": {"harness.errors"},
    "harness.secret_files": set(),
    "harness.traffic": {
        "harness.clock",
        "harness.errors",
        "harness.model",
        "harness.ports",
        "harness.process",
        "harness.secret_files",
    },
    "harness.ports": {"harness.errors"},
    "harness.api": {
        "harness.errors",
        "harness.http_deadline",
        "harness.limits",
        "harness.model",
        "harness.nesting",
    },
    "harness.replays.answers": {"harness.errors", "harness.model", "harness.rules"},
    "harness.replays.promtool": {
        "harness.errors",
        "harness.files",
        "harness.process",
        "harness.recordings.recording",
        "harness.replays.answers",
        "harness.replays.grid",
        "harness.replays.notation",
        "harness.scratch",
    },
    "harness.replays.plan": {
        "harness.dilation",
        "harness.errors",
        "harness.model",
        "harness.promql",
        "harness.replays.promtool",
        "harness.rules",
        "harness.replays.stages",
    },
    "harness.replays.inquiry": {
        "harness.replays.activity",
        "harness.replays.answers",
        "harness.clock",
        "harness.curves",
        "harness.errors",
        "harness.replays.grid",
        "harness.model",
        "harness.replays.plan",
        "harness.promql",
        "harness.replays.promtool",
        "harness.recordings.recording",
        "harness.rules",
        "harness.replays.stages",
    },
    "harness.replays.library": {
        "harness.errors",
        "harness.replays.plan",
        "harness.recordings.recording",
        "harness.replays.stages",
    },
    "harness.replays.slowness": {
        "harness.errors",
        "harness.model",
        "harness.replays.answers",
        "harness.replays.inquiry",
        "harness.replays.promtool",
        "harness.rules",
    },
    "harness.replays.replay": {
        "harness.model",
        "harness.recordings.recording",
        "harness.replays.activity",
        "harness.replays.answers",
        "harness.replays.grid",
        "harness.replays.inquiry",
        "harness.replays.library",
        "harness.replays.plan",
        "harness.replays.promtool",
        "harness.replays.slowness",
        "harness.rules",
    },
    "harness.replays.export": {
        "harness.dilation",
        "harness.engines",
        "harness.errors",
        "harness.files",
        "harness.model",
        "harness.process",
        "harness.promql",
        "harness.recordings.recording",
        "harness.replays.activity",
        "harness.replays.answers",
        "harness.replays.inquiry",
        "harness.replays.library",
        "harness.replays.notation",
        "harness.replays.plan",
        "harness.replays.promtool",
        "harness.replays.stages",
        "harness.replays.unit_tests",
        "harness.rules",
        "harness.scratch",
    },
    "harness.observe": {
        "harness.curves",
        "harness.api",
        "harness.errors",
        "harness.model",
        "harness.clock",
        "harness.promql",
        "harness.dilation",
        "harness.panels",
        "harness.rule_values",
        "harness.rules",
        "harness.stacks",
    },
    "harness.stacks": {
        "harness.alertmanager",
        "harness.api",
        "harness.certificates",
        "harness.files",
        "harness.dilation",
        "harness.engines",
        "harness.errors",
        "harness.http_deadline",
        "harness.model",
        "harness.ports",
        "harness.process",
        "harness.rules",
        "harness.scratch",
        "harness.secret_files",
        "harness.stacks",
        "harness.systems",
    },
    "harness.stacks.compose.prepare": {
        "harness.alertmanager",
        "harness.catalogue",
        "harness.certificates",
        "harness.clock",
        "harness.errors",
        "harness.reading",
        "harness.files",
        "harness.rules",
        "harness.secret_files",
        "harness.stacks",
        "harness.systems",
    },
    "harness.partwatch": set(),
    "harness.hindsight": {
        "harness.api",
        "harness.clock",
        "harness.dependence",
        "harness.model",
        "harness.observe",
    },
    "harness.evidence": {
        "harness.api",
        "harness.observe",
        "harness.systems",
        "harness.clock",
        "harness.dependence",
        "harness.doubts",
        "harness.model",
        "harness.outages",
        "harness.partwatch",
        "harness.rulebook",
        "harness.rules",
        "harness.stacks",
        "harness.traffic",
    },
    "harness.crew": set(),
    "harness.http_deadline": set(),
    "harness.reading": set(),
    "harness.outages": {"harness.crew", "harness.model", "harness.packing", "harness.stacks"},
    "harness.disturbances": {"harness.api", "harness.clock", "harness.crew", "harness.model"},
    "harness.logfmt": set(),
    "harness.limits": {"harness.errors"},
    "harness.lastwords": {"harness.logfmt"},
    "harness.scratch": set(),
    "harness.paging": {
        "harness.api",
        "harness.clock",
        "harness.errors",
        "harness.fingerprint",
        "harness.logfmt",
        "harness.model",
    },
    "harness.store": {
        "harness.api",
        "harness.clock",
        "harness.dilation",
        "harness.errors",
        "harness.observe",
        "harness.rule_values",
        "harness.rules",
        "harness.stacks",
    },
    "harness.recordings.files": {
        "harness.errors",
        "harness.reading",
        "harness.files",
        "harness.recordings.openmetrics",
        "harness.recordings.recording",
    },
    "harness.recordings.spool": {"harness.recordings.openmetrics"},
    "harness.recordings.remote_read": {"harness.api", "harness.errors", "harness.recordings.openmetrics"},
    "harness.recordings.range_read": {
        "harness.api",
        "harness.recordings.openmetrics",
        "harness.promql",
        "harness.recordings.remote_read",
    },
    "harness.recordings.recorder": {
        "harness.api",
        "harness.clock",
        "harness.errors",
        "harness.files",
        "harness.recordings.openmetrics",
        "harness.recordings.range_read",
        "harness.recordings.recording",
        "harness.recordings.files",
        "harness.recordings.remote_read",
        "harness.rules",
        "harness.recordings.selecting",
        "harness.recordings.spool",
    },
    "harness.server_options": {"harness.errors", "harness.reading"},
    "harness.store_options": {
        "harness.errors",
        "harness.server_options",
        "harness.stacks",
        "harness.store",
    },
    "harness.board": {
        "harness.api",
        "harness.model",
        "harness.clock",
        "harness.judge",
        "harness.observe",
        "harness.reports",
    },
    "harness.certificates": {"harness.inbox"},
    # processes of their own
    "harness.http_server": set(),
    "harness.serving": {"harness.errors", "harness.http_server"},
    "harness.pager": {
        "harness.clock",
        "harness.errors",
        "harness.http_server",
        "harness.inbox",
        "harness.model",
        "harness.pager",
        "harness.serving",
    },
    "harness.alertmanager": {
        "harness.alertmanager",
        "harness.clock",
        "harness.dilation",
        "harness.errors",
        "harness.files",
        "harness.inbox",
        "harness.model",
        "harness.nesting",
        "harness.promql",
        "harness.reading",
        "harness.rules",
        "harness.scratch",
        "harness.secret_files",
        "harness.systems",
    },
    "harness.page": {
        "harness.alertmanager",
        "harness.api",
        "harness.clock",
        "harness.engines",
        "harness.errors",
        "harness.files",
        "harness.fingerprint",
        "harness.incidents",
        "harness.logfmt",
        "harness.model",
        "harness.nesting",
        "harness.page",
        "harness.paging",
        "harness.ports",
        "harness.process",
        "harness.promql",
        "harness.reading",
        "harness.reports",
        "harness.rules",
        "harness.scratch",
        "harness.stacks",
    },
    "harness.guard": {"harness.guard", "harness.http_server", "harness.serving"},
    "harness.gateway": {
        "harness.gateway",
        "harness.clock",
        "harness.errors",
        "harness.http_server",
        "harness.nesting",
        "harness.reading",
        "harness.systems",
    },
    "harness.systems": {"harness.gateway", "harness.systems"},
    "scenarios": {"scenarios"},
    "scenarios.drills": {"harness.errors", "harness.model", "harness.values", "scenarios.drills"},
    "stub_providers": {"stub_providers"},
}
"""What a room may import of ours. Those that join everything (JOINERS, and commands) may import all."""

JOINERS = {
    "harness",
    "harness.run",
    "harness.cli",
    "harness.commands",
    "harness.pytest_plugin",
    "harness.__main__",
}


def find_modules() -> Iterator[tuple[str, Path]]:
    """Yield every module of ours and its file."""
    for package in ("harness", "scenarios", "stub_providers"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@cache
def read_names(path: Path) -> tuple[ast.Import | ast.ImportFrom | ast.Attribute, ...]:
    """Return what a file imports and the attributes that it reads: all that is asked about it here."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom | ast.Attribute))


def find_imports(path: Path) -> set[str]:
    """Return the modules of ours that a file imports."""
    found = set()
    for node in read_names(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(names if node.module in {"harness", "scenarios"} else {node.module})
    return {name for name in found if name.split(".")[0] in {"harness", "scenarios", "stub_providers"}}


def find_room(module: str) -> str:
    """Return the most specific room that a module is in."""
    rooms = [room for room in MAY_IMPORT if module == room or module.startswith(f"{room}.")]
    assert rooms, f"{module} is in no room: say in MAY_IMPORT what it may import"
    return max(rooms, key=len)


@pytest.mark.parametrize(("module", "path"), list(find_modules()), ids=lambda value: str(value))
def test_dependencies_run_one_way(module: str, path: Path) -> None:
    """A module imports only what its room may import."""
    if module in JOINERS or module.startswith("harness.commands."):
        return
    allowed = MAY_IMPORT[find_room(module)]
    for name in find_imports(path):
        assert any(name == room or name.startswith(f"{room}.") for room in allowed), (
            f"{module} imports {name}"
        )


def test_systems_stacks_and_reports_do_not_import_sideways() -> None:
    """Nothing imports from a sibling system, stack or report."""
    for module, path in find_modules():
        for room in ("harness.systems", "harness.reports"):
            if not module.startswith(f"{room}."):
                continue
            own = ".".join(module.split(".")[:3])
            for name in find_imports(path):
                if name.startswith(f"{room}."):
                    assert name.startswith(own), f"{module} imports {name}"


@pytest.mark.parametrize("library", ["locust", "gevent"])
def test_locust_is_never_imported_in_the_harness(library: str) -> None:
    """Locust patches the standard library, so the harness only ever runs it as a subprocess."""
    for module, path in find_modules():
        if module.startswith("harness"):
            for node in read_names(path):
                if isinstance(node, ast.Import):
                    assert all(alias.name.split(".")[0] != library for alias in node.names), module
                elif isinstance(node, ast.ImportFrom):
                    assert (node.module or "").split(".")[0] != library, module


def test_the_environment_is_read_at_the_edges_only() -> None:
    """Only the entry points of processes, and what starts processes, look at the environment."""
    readers = {
        module
        for module, path in find_modules()
        if any(
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
            for node in read_names(path)
        )
    }
    assert readers <= {
        "harness.commands.export",
        "harness.commands.page",
        "harness.commands.replay",
        "harness.commands.replaying",
        "harness.commands.sites",
        "harness.pytest_plugin",
        "harness.stacks.embedded",
        "harness.stacks.compose.prepare",
        "harness.stacks.compose.site",
        "harness.guard.__main__",
        "harness.gateway.__main__",
        "harness.pager.__main__",
        "stub_providers.__main__",
        "scenarios.controls",
        "scenarios.keys",
        "scenarios.distribution",
        "scenarios.lifecycle",
        "scenarios.options",
        "scenarios.part",
        "scenarios.preparation",
    }
