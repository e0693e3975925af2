"""Lets amtool look at somebody's config as it is: nobody else checks what stands in a secret field.

Alertmanager would not start with a URL that is none, or with a field beside its `_file`. amtool reads the
file itself. Where it refuses it, parts of the file are handed to it to find the line at fault, in files that
only this user can read and that end with the check. What was read for that is forgotten, and no secret is in
the reason that is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from alertdrill.alertmanager.amtool import UNKNOWN, extract_reason, find_complaint
from alertdrill.alertmanager.config import MAX_BYTES, AlertmanagerConfig
from alertdrill.alertmanager.fields import CONFIG
from alertdrill.alertmanager.wrapped import spread, unwrap
from alertdrill.alertmanager.yaml_without_secrets import list_secrets
from alertdrill.errors import BadInput
from alertdrill.runtime.looking import follow, is_file
from alertdrill.runtime.reading import read_bytes
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret

MAX_SHOWN = 300
MAX_TRIALS = 200
"""How often amtool is asked to find the line at fault."""
_LINE = re.compile(r"\bline (\d+): ")
_ZONE = "unknown time zone"
"""Locations are checked elsewhere, and this machine may have no zones at all."""


def check_original(amtool: Path, version: str, config: AlertmanagerConfig) -> None:
    """Raise BadInput, starting with `file:line: `, if Alertmanager does not take the file of a config.

    A config that was read from no file that can be read again is passed over. Raises CouldNotTell when amtool
    cannot be run.
    """
    path = config.path
    if path is None or not is_file(path):
        return
    content = read_bytes(path, MAX_BYTES).decode(errors="replace")
    original = unwrap(content, config.source)
    text = original.text
    if text == content:
        reason = _find_reason(amtool, path)
    else:
        with scratch_folder() as folder:
            reason = _find_reason(amtool, write_secret(folder / "alertmanager.yml", text))
    if reason is None:
        return
    said = _LINE.search(reason)
    line = int(said[1]) if said else _find_line(amtool, text)
    why = _scrub(_LINE.sub("", reason), list_secrets(text, CONFIG))
    where = config.source if line is None else f"{config.source}:{original.find_line(line)}"
    unknown = UNKNOWN.search(why)
    does_not = f"does not know the field {unknown['field']}" if unknown else f"does not take this: {why}"
    raise BadInput(f"{where}: Alertmanager {version} {does_not}")


def _find_reason(amtool: Path, path: Path) -> str | None:
    """Return why amtool refuses a file, as one line; None if it does not."""
    said = find_complaint(amtool, follow(path), {})
    if said is None:
        return None
    reason = " ".join(extract_reason(said).replace("yaml: unmarshal errors:", "").split())
    return None if _ZONE in reason else reason


def _scrub(reason: str, secrets: Sequence[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        # As it stands, and as Go quotes it.
        for form in (secret, secret.encode("unicode_escape").decode().replace('"', '\\"')):
            reason = reason.replace(form, "…") if len(form) > 2 else reason
    return reason[:MAX_SHOWN]


@dataclass(slots=True)
class _Trials:
    """Asks amtool about parts of a file, so often at the most."""

    amtool: Path
    folder: Path
    left: int = MAX_TRIALS

    def is_refused(self, node: yaml.Node) -> bool:
        if not self.left:
            return False
        self.left -= 1
        path = write_secret(self.folder / f"{self.left}.yml", yaml.serialize(node))
        return _find_reason(self.amtool, path) is not None


def _find_line(amtool: Path, text: str) -> int | None:
    """Return the line of the part that amtool refuses by itself; None if it is none."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(document, yaml.MappingNode):
        return 1
    spread(document, set())
    with scratch_folder() as folder:
        trials = _Trials(amtool, folder)
        for whole, part in _list_parts(document):
            if trials.is_refused(whole):
                return _find_key_line(trials, whole, part)
    return None


def _find_key_line(trials: _Trials, whole: yaml.Node, part: yaml.MappingNode) -> int:
    """Return the line of the last key without which a refused part is taken, or else of the part."""
    pairs = list(part.value)
    for pair in reversed(pairs):
        part.value = [other for other in pairs if other is not pair]
        is_refused = trials.is_refused(whole)
        part.value = pairs
        if not is_refused:
            return int(pair[0].start_mark.line) + 1
    return int(part.start_mark.line) + 1


def _list_parts(document: yaml.MappingNode) -> Iterator[tuple[yaml.MappingNode, yaml.MappingNode]]:
    """Yield configs of one part of the file each, and that part: global, integrations, receivers, routes."""
    top = {key.value: value for key, value in document.value}
    overall = top.get("global")
    if isinstance(overall, yaml.MappingNode):
        yield _make({"global": overall, **_make_receiver({})}), overall
    receivers = top.get("receivers")
    for receiver in receivers.value if isinstance(receivers, yaml.SequenceNode) else ():
        if not isinstance(receiver, yaml.MappingNode):
            continue
        for key, configs in receiver.value:
            for config in configs.value if isinstance(configs, yaml.SequenceNode) else ():
                if isinstance(config, yaml.MappingNode):
                    parts = _make_receiver({key.value: _list([config])})
                    yield _make({**({"global": overall} if overall else {}), **parts}), config
        yield (
            _make({"route": _make({"receiver": _text("x")}), "receivers": _list([_name(receiver)])}),
            receiver,
        )
    routes = top.get("route")
    if isinstance(routes, yaml.MappingNode):
        yield document, routes


def _name(receiver: yaml.MappingNode) -> yaml.MappingNode:
    """Return a receiver with nothing but its name, which the route of a trial is called by."""
    named = [pair for pair in receiver.value if pair[0].value == "name"]
    stated = named and named[0][1].tag == "tag:yaml.org,2002:str" and named[0][1].value
    return _make({"name": _text("x") if stated else _text("")})


def _make_receiver(integrations: dict[str, yaml.Node]) -> dict[str, yaml.Node]:
    return {
        "route": _make({"receiver": _text("x")}),
        "receivers": _list([_make({"name": _text("x"), **integrations})]),
    }


def _make(values: dict[str, yaml.Node]) -> yaml.MappingNode:
    pairs = [(_text(key), value) for key, value in values.items()]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


def _list(items: Sequence[yaml.Node]) -> yaml.SequenceNode:
    return yaml.SequenceNode("tag:yaml.org,2002:seq", list(items), flow_style=False)


def _text(value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value)
