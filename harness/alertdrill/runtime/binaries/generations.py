"""Which versions of Prometheus and Alertmanager the harness knows, as data.

Both are tested in two generations: the oldest that is supported, and a recent one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

MajorMinor = tuple[int, int]


class Generation(StrEnum):
    """A pair of Prometheus and Alertmanager versions, named after Prometheus's."""

    OLDEST = "2.42"
    NEWEST = "3.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one generation has of one family: any version from `least` on and below `below`.

    `version` is the upstream release that is fetched when nothing is installed.
    """

    version: str
    least: MajorMinor
    below: MajorMinor


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A server and its tool, which are always taken together and of one version.

    `aliases` maps each of the two programs to the names that it has on disk; `packages` are Debian's,
    of which a suite need not have all.
    """

    name: str
    title: str
    aliases: Mapping[str, tuple[str, ...]]
    packages: tuple[str, ...]
    least: MajorMinor
    releases: Mapping[Generation, Release]

    @property
    def programs(self) -> tuple[str, str]:
        """The server's name and the tool's."""
        server, tool = self.aliases
        return server, tool


PROMETHEUS = Family(
    name="prometheus",
    title="Prometheus",
    aliases=MappingProxyType({"prometheus": ("prometheus",), "promtool": ("promtool",)}),
    packages=("prometheus", "promtool"),
    least=(2, 42),
    releases=MappingProxyType(
        {
            Generation.OLDEST: Release(version="2.42.0", least=(2, 42), below=(3, 0)),
            Generation.NEWEST: Release(version="3.5.3", least=(3, 5), below=(4, 0)),
        }
    ),
)
ALERTMANAGER = Family(
    name="alertmanager",
    title="Alertmanager",
    aliases=MappingProxyType(
        {"alertmanager": ("alertmanager", "prometheus-alertmanager"), "amtool": ("amtool",)}
    ),
    packages=("prometheus-alertmanager",),
    least=(0, 25),
    releases=MappingProxyType(
        {
            Generation.OLDEST: Release(version="0.25.0", least=(0, 25), below=(0, 33)),
            Generation.NEWEST: Release(version="0.33.1", least=(0, 33), below=(1, 0)),
        }
    ),
)
FAMILIES = (PROMETHEUS, ALERTMANAGER)
