"""Reads a project file: TOML in, a Project or one sentence of what is wrong with it out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from alertdrill.core.clock import MAX_SPEED
from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.errors import BadInput
from alertdrill.project.behaviours import read_models, read_whole_behaviour
from alertdrill.project.files import PYPROJECT, read_document
from alertdrill.project.named_files import join, take_path, take_paths
from alertdrill.project.project import DIALECTS, Project, Scrape, Secret, StubProvider, Target, Timer
from alertdrill.project.relabelling import read_relabelling
from alertdrill.project.secret_fields import HOW, take_secret
from alertdrill.project.services import check_wall_time, read_services
from alertdrill.project.targets import find_address, read_target, take_url_path
from alertdrill.project.toml_fields import TomlFields
from alertdrill.rules.dilation.files import dilate_duration
from alertdrill.runtime.paths import shorten

FIELDS = (
    *("name", "rules", "packs", "prometheus", "alertmanager", "templates", "nobody"),
    *("drills", "out", "speed", "warm_up"),
    *("target", "scrape", "provider", "timer"),
)
OWN = "own"
"""What drills are of where no system is named."""
OUT = "alertdrill-out"
"""Where reports go that have no other folder."""
MAX_INTERVAL_S = 3600.0
MAX_TIMER_S = 366 * 86_400.0

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


def read_project(path: Path) -> Project:
    """Return the project that a file states: an alertdrill.toml, or a pyproject.toml with [tool.alertdrill].

    Raises BadInput with `file:line`, what is wrong, and the nearest name that is known. No secret is read.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - the file keeps the name that it was given
    document = read_document(path)
    name = str(shorten(path))
    if document is None:
        raise BadInput(f"{name}:1: the file has no table [tool.alertdrill], so it states no project")
    fields = TomlFields(document, name, "[tool.alertdrill]" if path.name == PYPROJECT else "the project")
    # A misspelt table is told before what is missing without it.
    fields.check_known(FIELDS)
    folder = path.parent
    providers = _read_providers(fields, folder)
    target = None
    if fields.has("target"):
        within = fields.take_fields("target", "[target]")
        target = read_target(within, folder, [provider.name for provider in providers])
    prometheus, alertmanager = read_services(fields, folder)
    speed = _take_speed(fields)
    if prometheus is not None and speed is not None:
        check_wall_time(prometheus, speed)
    return Project(
        path=path,
        name=_take_name(fields) if fields.has("name") else OWN,
        target=target,
        scrapes=_read_scrapes(fields, folder, target, speed),
        providers=providers,
        rules=take_paths(fields, "rules", folder),
        packs=take_paths(fields, "packs", folder),
        alertmanager=take_path(fields, "alertmanager", folder) if alertmanager is None else None,
        prometheus=prometheus,
        running_alertmanager=alertmanager,
        templates=take_path(fields, "templates", folder),
        nobody=fields.take_texts("nobody"),
        drills=take_paths(fields, "drills", folder),
        out=join(folder, fields.take_text("out", OUT)),
        speed=speed,
        warm_up=fields.take_truth("warm_up", default=True),
        timers=_read_timers(fields),
    )


def _list_tables(fields: TomlFields, key: str) -> list[TomlFields]:
    return [TomlFields(node, fields.name, f"[[{key}]]") for node in fields.take_items(key)]


def _take_name(fields: TomlFields) -> str:
    node = fields.peek("name")
    name = fields.take_text("name")
    if not _NAME.fullmatch(name):
        how = "small letters, digits, - and _ make one, and the first is a letter"
        raise fields.fail(f"name of {fields.what} is {name!r}, which is no name: {how}", node)
    return name


def _take_speed(fields: TomlFields) -> float | None:
    if not fields.has("speed"):
        return None
    node = fields.peek("speed")
    speed = fields.take_number("speed")
    if not 1 <= speed <= MAX_SPEED:
        raise fields.fail(f"speed of {fields.what} is {speed:g}, not a number from 1 to {MAX_SPEED:g}", node)
    try:
        dilate_duration(SCRAPE_INTERVAL_S, speed)
    except BadInput as error:
        raise fields.fail(f"speed of {fields.what}: {error}", node) from error
    return speed


def _read_providers(fields: TomlFields, folder: Path) -> tuple[StubProvider, ...]:
    providers: dict[str, StubProvider] = {}
    ports: dict[int, str] = {}
    for one in _list_tables(fields, "provider"):
        name = _take_name(one)
        one.what = f"[[provider]] {name!r}"
        if name in providers:
            raise one.fail(f"there are two [[provider]] named {name!r}")
        port = one.take_port("port") if one.has("port") else None
        if port in ports:
            raise one.fail(f"{one.what} has the port {port}, and so has {ports[port]!r}")
        if port is not None:
            ports[port] = name
        behaviour = read_whole_behaviour(one.take_fields("behaviour")) if one.has("behaviour") else {}
        providers[name] = StubProvider(
            name=name,
            dialect=one.take_word("dialect", DIALECTS),
            port=port,
            behaviour=behaviour,
            models=read_models(one),
            keys=_read_keys(one, folder),
            source="" if port is None else f"{one.name}:{(one.find_key('port') or one).line}",
        )
        one.end()
    return tuple(providers.values())


def _read_keys(fields: TomlFields, folder: Path) -> tuple[tuple[Secret, dict[str, Any]], ...]:
    keys = []
    for node in fields.take_items("keys"):
        one = TomlFields(node, fields.name, f"keys of {fields.what}")
        key = take_secret(one, "key", folder)
        if key is None:
            raise one.fail(f"{one.what} has no key: {HOW}")
        keys.append((key, read_whole_behaviour(one.take_fields("behaviour"))))
        one.end()
    return tuple(keys)


def _read_scrapes(
    fields: TomlFields, folder: Path, target: Target | None, speed: float | None
) -> tuple[Scrape, ...]:
    scrapes: dict[str, Scrape] = {}
    for one in _list_tables(fields, "scrape"):
        job = one.take_text("job")
        one.what = f"[[scrape]] {job!r}"
        if job in scrapes:
            raise one.fail(f"there are two [[scrape]] of the job {job!r}")
        relabel = [TomlFields(node, one.name, f"relabel of {one.what}") for node in one.take_items("relabel")]
        scrapes[job] = Scrape(
            job=job,
            path=take_url_path(one, "path", "/metrics"),
            interval_s=_take_interval(one, speed),
            key=take_secret(one, "key", folder),
            targets=_take_targets(one, target),
            relabel=tuple(read_relabelling(rule) for rule in relabel),
        )
        one.end()
    return tuple(scrapes.values())


def _take_interval(fields: TomlFields, speed: float | None) -> float:
    node = fields.peek("interval")
    interval_s = _take_duration(fields, "interval", MAX_INTERVAL_S) if node is not None else SCRAPE_INTERVAL_S
    try:
        dilate_duration(interval_s, speed or 1.0)
    except BadInput as error:
        raise fields.fail(f"interval of {fields.what}: {error}", node) from error
    return interval_s


def _take_targets(fields: TomlFields, target: Target | None) -> tuple[str, ...]:
    nodes = fields.take_text_nodes("targets")
    for node in nodes:
        found = _ADDRESS.fullmatch(node.text)
        if found is None or not 0 < int(found[1]) < 65536:
            what = f"targets of {fields.what} has {node.text!r}"
            raise fields.fail(f"{what}, not HOST:PORT such as '127.0.0.1:4000'", node)
    if nodes:
        return tuple(dict.fromkeys(node.text for node in nodes))
    if target is None:
        raise fields.fail(f"{fields.what} has no targets, and there is no [target] whose address it could be")
    return (find_address(target),)


def _read_timers(fields: TomlFields) -> tuple[Timer, ...]:
    timers: dict[str, Timer] = {}
    for one in _list_tables(fields, "timer"):
        name = one.take_text("name")
        one.what = f"[[timer]] {name!r}"
        if name in timers:
            raise one.fail(f"there are two [[timer]] named {name!r}")
        timers[name] = Timer(
            name=name,
            lasts_s=_take_duration(one, "lasts", MAX_TIMER_S),
            alerts=one.take_texts("alerts"),
            drills=one.take_texts("drills"),
            source=f"{one.name}:{one.line}",
        )
        one.end()
    return tuple(timers.values())


def _take_duration(fields: TomlFields, key: str, most_s: float) -> float:
    node = fields.peek(key)
    seconds = fields.take_duration(key)
    if not 0 < seconds <= most_s:
        raise fields.fail(
            f"{key} of {fields.what} is {seconds:g} s, not more than 0 and at most {most_s:g} s", node
        )
    return seconds
