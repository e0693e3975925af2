"""Reference page of the kinds of receivers, made of the modules that stand in for them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from types import ModuleType

from alertdrill.alertmanager import receivers
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.receivers.kind import ReceiverKind
from alertdrill.alertmanager.schema import ADDRESS, SECRET
from docs_generator.commands import NOTE

INTRODUCTION = """\
Every kind of receiver that Alertmanager delivers to, as the [pager](interfaces.md#processes) stands in for
it. A config is taken as it is: what a notification says, and to whom, is kept; addresses, keys and
connections are replaced by the pager's. What its service would refuse the pager refuses, with the service's
own answer, and says why in the journal. In a report and on the pager's page a notification looks as its
service would show it. A drill lets a receiver fail: `rate_limit` (429), `error` (500),
`timeout`, `reset`, `tls`, `refuse`.

Alertmanager 0.25 has webhook, pagerduty, slack, email, opsgenie, victorops, pushover, sns, telegram,
discord, webex and wechat. Since then msteams was added, with 0.28 msteamsv2, jira and rocketchat, with 0.29
incidentio, with 0.30 mattermost. A kind or a field that your Alertmanager is too old for is refused with
file and line.

**The tag.** Most services are not told which alerts a notification is about. So the redirected config has a
tag rendered into each, and the pager takes it out before it looks at the rest. Where it stands in a text
that Alertmanager cuts (telegram, discord, webex), the text is cut that much earlier, and the tag of a group
of more than about 150 alerts does not fit: of such a notification nobody can say which alerts it is about.

**Addresses that are compiled in** (pushover, PagerDuty's Events API v1, Slack's bots) are reached by a
proxy, which is the pager: it leads to its own inboxes and to nobody else.

**What is not tried again.** Of what was refused Alertmanager tries some again at once, and notifies the
others at the next `group_interval`. A card that is too large for Teams is taken and lost: nobody tries it
again.
"""
_BOUND = re.compile(r"(MAX|MIN)_(?:(\w+)_)?([A-Z]+)")
_UNITS = ("CHARACTERS", "BYTES", "S")


def write_receivers() -> str:
    """Return the page with a section for each kind."""
    parts = [f"# Receivers\n\n{NOTE}\n\n{INTRODUCTION}"]
    names = sorted(module.name for module in pkgutil.iter_modules(receivers.__path__))
    for integration, kind in sorted(RECEIVER_KINDS.items()):
        parts.append(f"## {integration}\n")
        for name in names:
            if name == integration or name.startswith(f"{integration}_"):
                parts.append(_write_module(importlib.import_module(f"{receivers.__name__}.{name}")))
        parts.append(_write_fields(kind))
    return "\n".join(parts)


def _write_module(module: ModuleType) -> str:
    said = inspect.cleandoc(module.__doc__ or "").replace(" Pure.", "")
    bounds = ", ".join(_list_bounds(vars(module)))
    return f"{said}\n" + (f"\nBounds: {bounds}.\n" if bounds else "")


def _list_bounds(names: Mapping[str, object]) -> Iterator[str]:
    for name, value in names.items():
        found = _BOUND.fullmatch(name)
        if found is None:
            continue
        how = "at most" if found[1] == "MAX" else "at least"
        of, unit = (found[2] or "", found[3]) if found[3] in _UNITS else (found[3], "")
        for key, bound in (value if isinstance(value, Mapping) else {"": value}).items():
            what = " ".join(
                word for word in (of.lower().replace("_", " "), f"`{key}`" if key else "") if word
            )
            yield f"{what} {how} {bound:,}{f' {unit.lower()}' if unit else ''}"


def _write_fields(kind: ReceiverKind) -> str:
    is_replaced = {name: field in (SECRET, ADDRESS) for name, field in kind.fields.items()}
    kept = ", ".join(f"`{name}`" for name, replaced in sorted(is_replaced.items()) if not replaced)
    replaced = ", ".join(f"`{name}`" for name, replaced in sorted(is_replaced.items()) if replaced)
    return f"Kept: {kept}.\n\nReplaced or left out: {replaced}.\n"
