"""Which mirrors this machine's apt takes its distribution from.

Both formats of sources.list(5): one line an entry (`*.list`), and deb822 stanzas (`*.sources`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILES = 100
MAX_FILE_BYTES = 1024 * 1024
_ONE_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>[^#]+)"
)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror's address, and what its signatures are checked with (empty: apt's own trusted keys)."""

    uri: str
    signed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    uris: list[str]
    suites: list[str]
    components: list[str]
    signed_by: str


def find_mirrors(etc_apt: Path, *, distribution: str, component: str) -> list[Mirror]:
    """Return the mirrors that have a component of the distribution, the surest first, each once.

    Other vendors use a distribution's suite names too, so that those come first which are signed with
    the distribution's own keys or whose address ends in its name.
    """
    mirrors = []
    for entry in _read_entries(etc_apt):
        # bookworm, not bookworm-security: other archives than the distribution's main one have a dash.
        if component not in entry.components or all("-" in suite or "/" in suite for suite in entry.suites):
            continue
        mirrors += [Mirror(uri, entry.signed_by) for uri in entry.uris if not uri.startswith("cdrom:")]

    def is_doubtful(mirror: Mirror) -> bool:
        own_keys = f"{distribution}-archive-keyring" in mirror.signed_by
        return not own_keys and mirror.uri.rstrip("/").rpartition("/")[2] != distribution

    return sorted(dict.fromkeys(mirrors), key=is_doubtful)


def _read_entries(etc_apt: Path) -> Iterator[_Entry]:
    folder = etc_apt / "sources.list.d"
    files = [etc_apt / "sources.list", *sorted(folder.glob("*.list")), *sorted(folder.glob("*.sources"))]
    for file in files[:MAX_FILES]:
        try:
            with file.open(errors="replace") as opened:
                text = opened.read(MAX_FILE_BYTES)
        except OSError:
            continue
        yield from _parse_stanzas(text) if file.suffix == ".sources" else _parse_lines(text)


def _parse_lines(text: str) -> Iterator[_Entry]:
    for line in text.splitlines():
        if entry := _ONE_LINE.match(line.strip()):
            options = dict(option.partition("=")[::2] for option in (entry["options"] or "").split())
            yield _Entry(
                uris=[entry["uri"]],
                suites=[entry["suite"]],
                components=entry["components"].split(),
                signed_by=options.get("signed-by", ""),
            )


def _parse_stanzas(text: str) -> Iterator[_Entry]:
    uncommented = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", uncommented):
        fields = {
            name.lower(): value.rstrip()
            for name, value in re.findall(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        yield _Entry(
            uris=fields.get("uris", "").split(),
            suites=fields.get("suites", "").split(),
            components=fields.get("components", "").split(),
            # Kept with its line breaks: a key may stand here instead of a file's name.
            signed_by=fields.get("signed-by", ""),
        )
