"""Workspaces: where sessions belong, with a default model and a list of allowed tools of their own."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WORKSPACES = 200
"""Each is a label value of the metrics."""


class UnknownWorkspace(Exception):
    """The tenant has no workspace of that name; the argument is the name."""


class WorkspaceConflict(Exception):
    """The name is another tenant's, or there are too many workspaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A tenant's workspace; `tools` are the allowed ones, None for all."""

    name: str
    tenant: str
    default_model: str | None
    tools: frozenset[str] | None


class Workspaces:
    """All workspaces by name; they live as long as the process."""

    def __init__(self) -> None:
        self._workspaces: dict[str, Workspace] = {}

    def put(self, workspace: Workspace) -> None:
        """Make or change a workspace; raises WorkspaceConflict."""
        known = self._workspaces.get(workspace.name)
        if known is not None and known.tenant != workspace.tenant:
            raise WorkspaceConflict(f"the name {workspace.name} is taken")
        if known is None and len(self._workspaces) >= MAX_WORKSPACES:
            raise WorkspaceConflict(f"there are {MAX_WORKSPACES} workspaces already")
        self._workspaces[workspace.name] = workspace

    def find(self, name: str, tenant: str) -> Workspace:
        """Return a tenant's workspace; raises UnknownWorkspace, also for another tenant's."""
        workspace = self._workspaces.get(name)
        if workspace is None or workspace.tenant != tenant:
            raise UnknownWorkspace(name)
        return workspace
