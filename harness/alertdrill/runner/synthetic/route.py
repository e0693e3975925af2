"""The way of an alert through a routing tree: found by ourselves, and by amtool, which must say the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.routes import ALL_LABELS, Match, Route, match_routes, parse_routes
from alertdrill.core.rule import Labels
from alertdrill.core.wording import say_label_name, say_names
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.rules.fields import say_nearest
from alertdrill.runner.routing.asking import demand_routes
from alertdrill.runner.routing.subjects import find_ways, name_alerts
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import Destination, Leg
from alertdrill.runner.synthetic.inhibition import find_naming_rule, read_inhibit_rules
from alertdrill.runner.synthetic.integrations import Sender, list_played
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.limits import say_cause
from alertdrill.runtime.scratch import scratch_folder

ROUTING = ("route", "time_intervals", "mute_time_intervals")
TIMEOUT_S = 30.0
MAX_SAID = 300


class Untaken(CouldNotTell):
    """A routing tree is not taken by this version of amtool; the message has its reason."""


def find_destination(
    routing: Mapping[str, Any],
    senders: Mapping[str, Sequence[Sender]],
    labels: Labels,
    nobody: Collection[str] = (),
    locate: Callable[[str], str] = lambda _: "",
) -> Destination:
    """Return where an alert with these labels goes; the receivers `nobody` are meant to notify nobody.

    `locate` returns the `file:line` of a pointer, if there is a file. Raises BadInput for a tree that cannot
    be read.
    """
    root = parse_routes(routing)
    inhibiting = find_naming_rule(read_inhibit_rules(routing), labels)
    return Destination(
        is_there_to_inhibit=inhibiting is not None,
        inhibits_by="" if inhibiting is None else locate(inhibiting.pointer),
        legs=tuple(
            Leg(
                receiver=match.receiver,
                where=locate(match.pointer),
                path=describe_way(root, match),
                group_labels=_find_group_labels(match, labels),
                group_wait_s=match.group_wait_s,
                group_interval_s=match.group_interval_s,
                repeat_interval_s=match.repeat_interval_s,
                intervals=match.mute_time_intervals + match.active_time_intervals,
                senders=tuple(senders.get(match.receiver, ())),
                is_nobody=match.receiver in nobody,
            )
            for match in match_routes(root, labels)
        ),
    )


def check_nobody(
    nobody: Iterable[str], senders: Mapping[str, Sequence[Sender]], stated: str = "--nobody"
) -> None:
    """Raise BadInput for a receiver that is there for somebody, or not at all; `stated` says where."""
    for name in nobody:
        if name not in senders:
            near = say_nearest(name, senders)
            raise BadInput(f"{stated} {name}: Alertmanager has no receiver of that name{near}")
        if kinds := ", ".join(sender.integration for sender in senders[name]):
            raise BadInput(f"{stated} {name}: that receiver notifies somebody, by {kinds}")


def bind(
    alerts: Sequence[SyntheticAlert],
    config: AlertmanagerConfig,
    engines: Engines,
    nobody: Collection[str] = (),
    stated: str = "--nobody",
) -> tuple[Bound, ...]:
    """Return alerts with where a config leads them; the receivers `nobody` are meant to notify nobody.

    `stated` is where these stand.

    Raises BadInput for a config that this amtool does not take, CouldNotTell where it sees it otherwise, or
    where Alertmanager does: that one is asked about all alerts at once, amtool about one.
    """
    routing = config.document
    senders = list_played(routing)
    check_nobody(nobody, senders, stated)
    check_taken(engines.amtool, config, alerts[0].labels)
    subjects = name_alerts(alerts)
    if len(alerts) > 1:
        demand_routes(engines, config, find_ways(config, subjects))
    return tuple(
        Bound(
            alert=alert,
            destination=find_destination(routing, senders, alert.labels, nobody, config.locate),
            title=subject.title,
            has_routes=bool(routing["route"].get("routes")),
        )
        for alert, subject in zip(alerts, subjects, strict=True)
    )


def check_taken(amtool: Path, config: AlertmanagerConfig, labels: Labels) -> None:
    """Raise BadInput for a routing tree that this amtool does not take.

    Raises CouldNotTell where it leads an alert with these labels elsewhere.
    """
    routing = config.document
    senders = list_played(routing)
    destination = find_destination(routing, senders, labels)
    try:
        demand_agreement(amtool, routing, tuple(senders), labels, destination)
    except Untaken as error:
        where = config.locate(_find_quoted(routing.get("route"), str(error)) or "/route")
        raise BadInput(f"{where}: {error}") from error


def _find_quoted(node: Any, said: str, pointer: str = "/route") -> str | None:
    """Return the pointer of the first text of a routing tree that a complaint quotes or ends with."""
    if isinstance(node, str):
        return pointer if node and (f'"{node}"' in said or said.endswith(f": {node}")) else None
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node if isinstance(node, list) else ())
    found = (_find_quoted(value, said, f"{pointer}/{key}") for key, value in pairs)
    return next((one for one in found if one), None)


def ask_amtool(
    amtool: Path, routing: Mapping[str, Any], receivers: Sequence[str], labels: Labels
) -> list[str]:
    """Return the receivers that `amtool config routes test` names.

    It is given the routing tree only, since the rest of a config may have secrets in it. Raises CouldNotTell
    when it cannot be run, or cannot read the tree.
    """
    config = {key: routing[key] for key in ROUTING if key in routing}
    config["receivers"] = [{"name": name} for name in receivers]
    with scratch_folder() as folder:
        path = folder / "alertmanager.yml"
        write_own(path, json.dumps(config, default=str))
        argv = [str(amtool), "config", "routes", "test", f"--config.file={path}"]
        argv += [f'{say_label_name(label)}="{_escape(value)}"' for label, value in labels.items()]
        try:
            finished = subprocess.run(  # noqa: S603 - the harness's own command line, without a shell
                argv, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = say_cause(error) if isinstance(error, OSError) else f"no answer in {TIMEOUT_S:g} s"
            raise CouldNotTell(f"{amtool} could not be run: {why}") from error
    if finished.returncode:
        said = " ".join(finished.stderr.decode(errors="replace").split())[:MAX_SAID]
        raise Untaken(f"amtool cannot say where the alert goes: {said}")
    # Above it 0.27 and later say of matchers that they would be written otherwise today.
    return finished.stdout.decode(errors="replace").strip().rpartition("\n")[2].split(",")


def demand_agreement(
    amtool: Path,
    routing: Mapping[str, Any],
    receivers: Sequence[str],
    labels: Labels,
    destination: Destination,
) -> None:
    """Raise CouldNotTell unless amtool leads an alert to the same receivers."""
    ours = sorted(leg.receiver for leg in destination.legs)
    theirs = ask_amtool(amtool, routing, receivers, labels)
    # A receiver's name may have a comma in it, which is what amtool puts between names.
    if sorted(theirs) != sorted(",".join(ours).split(",")):
        raise CouldNotTell(
            f"where the alert goes is not certain: to {say_names(ours)} as alertdrill reads the routes, "
            f"to {say_names(theirs)} as amtool does"
        )


def _find_group_labels(match: Match, labels: Labels) -> Labels:
    if match.group_by == ALL_LABELS:
        return dict(labels)
    return {name: labels[name] for name in match.group_by if name in labels}


def describe_way(root: Route, match: Match) -> tuple[str, ...]:
    """Return the matchers of every route on the way, the root's being none."""
    path = ["route"]
    route = root
    for index in match.pointer.split("/routes/")[1:]:
        route = route.routes[int(index)]
        matchers = ", ".join(
            f'{say_label_name(one.name)}{one.operator}"{one.value}"' for one in route.matchers
        )
        path.append(f"{{{matchers}}}")
    return tuple(path)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
