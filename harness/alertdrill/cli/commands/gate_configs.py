"""The two sides of an Alertmanager config: as a commit has it, with its templates, and as it is on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from alertdrill.alertmanager.config import AlertmanagerConfig, FoundTemplates, parse_whole_config, read_config
from alertdrill.alertmanager.templates import read_templates
from alertdrill.errors import BadInput
from alertdrill.project.project import Project
from alertdrill.runtime.git import Commit
from alertdrill.runtime.paths import shorten


@dataclass(frozen=True, slots=True)
class _Committed:
    """The files of a commit, as a place where templates are found."""

    commit: Commit

    def find(self, pattern: Path) -> list[Path]:
        """Return the files that a pattern matches, in order."""
        wanted = Path(os.path.normpath(Path.cwd() / str(pattern).replace("[^", "[!"))).parts
        return sorted(
            path
            for path in self.commit.list_files(self.commit.top)
            if len(path.parts) == len(wanted) and all(map(fnmatchcase, path.parts, wanted))
        )

    def read(self, path: Path) -> str:
        """Return the text of a file."""
        text = self.commit.read(path)
        if text is None:
            raise BadInput(f"{path} of {self.commit.name} is no file")
        return text


def read_configs(commit: Commit, project: Project) -> tuple[AlertmanagerConfig, AlertmanagerConfig] | None:
    """Return a project's Alertmanager config on both sides; None where either side has none."""
    path = project.alertmanager
    text = commit.read(path) if path is not None else None
    if path is None or text is None:
        return None
    folder = Path(os.path.realpath(path.parent))
    elsewhere = None if project.templates is None else Path(os.path.realpath(project.templates))

    def find(patterns: Sequence[tuple[str, str]], beside: Mapping[str, str]) -> FoundTemplates:
        return read_templates(folder, patterns, elsewhere, beside, _Committed(commit))

    before = parse_whole_config(text, f"{shorten(path)} of {commit.name}", find)
    return before, read_config(shorten(path), project.templates)
