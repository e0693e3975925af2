"""`alertdrill init`: a project file, and a draft of a drill for each alert of somebody's rules."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click
import promql_parser as ast

from alertdrill.alertmanager.config import AlertmanagerConfig, read_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.alertmanager.routes import ALL_LABELS, Match, match_routes, parse_routes
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.cli.sentences import say
from alertdrill.cli.target_metrics import Found, ask_metrics, find_ready_path, is_url, read_metrics_file
from alertdrill.cli.target_models import PATH as MODELS_PATH
from alertdrill.cli.target_models import list_models
from alertdrill.core.parts import PROVIDERS, SCRAPE_INTERVAL_S
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput
from alertdrill.project.drafting.alerts import Paging, Surroundings, list_subjects
from alertdrill.project.drafting.drafts import DraftFile, draft_all
from alertdrill.project.drafting.models import Chosen, choose_model, count_calls
from alertdrill.project.drafting.project_text import Outline, find_jobs, write_project
from alertdrill.project.files import FILE_NAME
from alertdrill.project.project import DIALECTS, Secret
from alertdrill.rules.files import RuleFile, read_rules
from alertdrill.runtime.files import make_folder, write_all
from alertdrill.runtime.looking import follow
from alertdrill.runtime.paths import shorten
from alertdrill.runtime.reading import read_bytes
from alertdrill.runtime.server_options import check_url

URL = "http://127.0.0.1:4000"
DRILLS = "drills"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@click.command(
    name="init",
    cls=GroupedCommand,
    groups={
        "Rules": ("rule_paths", "config_path"),
        "The target": ("url", "metrics", "key_env", "provider", "model"),
        "What is written": ("out",),
    },
    exit_codes={
        0: "the project is written, with whatever is left to decide in it",
        2: "bad input or usage, or a file that is there already, or cannot be written",
        3: "could not tell: the target's metrics cannot be had",
    },
    examples=(
        Example(
            "alertdrill init --rules rules.yml --alertmanager-config alertmanager.yml "
            "--url http://127.0.0.1:4000 --key-env GATEWAY_KEY",
            "Ask the gateway which metrics it has, and draft a drill for each alert",
        ),
        Example(
            "alertdrill init --rules rules.yml --metrics metrics.txt --out my-drills",
            "The same for a gateway that is away, of whose metrics there is a file",
        ),
    ),
)
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Alert rules. May be repeated.",
)
@click.option(
    "--alertmanager-config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Whom alerts page; without it, the receivers of our own routing.",
)
@click.option(
    "--url", metavar="URL", help=f"The gateway; {URL} is written down if it is not given, and not asked."
)
@click.option(
    "--metrics",
    metavar="URL|FILE",
    help="Its metrics: an address, a file of them, or a recording; otherwise /metrics of --url.",
)
@click.option("--key-env", metavar="NAME", help="The environment variable with the gateway's key.")
@click.option("--provider", default="openai", show_default=True, help="The provider that the gateway calls.")
@click.option(
    "--model",
    metavar="NAME",
    help="The model that calls ask for, instead of the one that the metrics, or /v1/models of --url, name.",
)
@click.option(
    "--out",
    default=".",
    show_default=True,
    type=WrittenPath(path_type=Path, file_okay=False),
    help="The folder that takes alertdrill.toml and drills/.",
)
def init(
    rule_paths: tuple[Path, ...],
    config_path: Path | None,
    url: str | None,
    metrics: str | None,
    key_env: str | None,
    provider: str,
    model: str | None,
    out: Path,
) -> None:
    """Write a project file, and a drill for each alert with a near miss beside it.

    What a drill cannot know is its todo, which keeps it from being held until somebody has decided it. No
    file that is there is overwritten.
    """
    check_words(provider, model, key_env)
    for path in (*rule_paths, *([] if config_path is None else [config_path])):
        check_lasting(path)
    files = tuple(read_rules(shorten(path)) for path in rule_paths)
    if not any(file.alerts for file in files):
        raise BadInput(f"{files[0].name}:1: there are no alerts in the rules, so there is nothing to drill")
    target = URL if url is None else check_url("--url", url, None)
    name = name_project(out)
    config = make_reference_config([name]) if config_path is None else read_config(shorten(config_path))
    found = find_metrics(metrics, url, target, key_env)
    asked = found is not None and found.path is not None and found.address is None
    chosen = find_model(model, found, target if asked else None, key_env)
    around = Surroundings(
        model=chosen.model,
        scrape_s=SCRAPE_INTERVAL_S,
        metrics=None if found is None else found.metrics,
        find_paging=make_paging(config),
    )
    subjects = list_subjects(files, around)
    drafts = draft_all(subjects, provider)
    ready, unready = (None, "") if url is None else find_ready_path(target)
    outline = Outline(
        name=name,
        url=target,
        rules=[os.path.relpath(path, out) for path in rule_paths],
        alertmanager=None if config_path is None else os.path.relpath(config_path, out),
        drills=DRILLS,
        key_env=key_env,
        provider=provider,
        dialect=PROVIDERS.get(provider, provider if provider in DIALECTS else "openai"),
        jobs=find_jobs((job for one in subjects for job in list_jobs(one.reads)), name),
        ready=ready,
        scrape_path=None if found is None else found.path,
        scrape_address=None if found is None else found.address,
        is_url_given=url is not None,
    )
    texts = {out / FILE_NAME: write_project(outline)}
    texts |= {out / DRILLS / draft.name: draft.text for draft in drafts}
    write_new(out, texts)
    for line in (
        *say_written(texts, chosen),
        *say_unready(out, unready),
        *say_todos(out, drafts),
        *say_source(found, files),
    ):
        say(line)


def check_words(provider: str, model: str | None, key_env: str | None) -> None:
    """Raise BadInput for words that a project could not have."""
    if not _NAME.fullmatch(provider):
        raise BadInput(f"--provider {provider!r}: small letters, digits, - and _ make a name")
    if model is not None and (not model or not model.isprintable() or len(model) > 200):
        raise BadInput("--model wants a name in a line, as the gateway has it")
    if key_env is not None and not _VARIABLE.fullmatch(key_env):
        raise BadInput("--key-env wants the name of an environment variable, and not the key")


def check_lasting(path: Path) -> None:
    """Raise BadInput for what a project could not read again, such as a pipe."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # whoever reads it says why it cannot be read
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise BadInput(f"{path}: is no regular file, and a project reads it again with each run: give a file")


def name_project(out: Path) -> str:
    """Return the folder's name as a project has it."""
    name = re.sub(r"[^a-z0-9]+", "-", follow(out).name.lower()).strip("-")
    return name if _NAME.fullmatch(name) else "own"


def find_metrics(metrics: str | None, url: str | None, target: str, key_env: str | None) -> Found | None:
    """Return what is known of the target's metrics; None if nobody said where they are."""
    if metrics is not None and not is_url(metrics):
        return Found(metrics=read_metrics_file(Path(metrics)))
    if metrics is None and url is None:
        return None
    return ask_metrics(f"{target}/metrics" if metrics is None else metrics, target, _read_token(key_env))


def find_model(model: str | None, found: Found | None, target: str | None, key_env: str | None) -> Chosen:
    """Return the model of ordinary calls: `model` if it was asked for, or one that the target has.

    A `target` is asked which it lists.
    """
    listed: tuple[str, ...] = ()
    if target is not None:
        listed = list_models(target, _read_token(key_env))
    called = {} if found is None else count_calls(found.metrics.samples)
    source = "" if found is None else found.metrics.source
    return choose_model(model, called, source, listed, f"{target}{MODELS_PATH}")


def _read_token(key_env: str | None) -> str | None:
    return None if key_env is None else Secret(env=key_env, source="--key-env").read(os.environ)


def make_paging(config: AlertmanagerConfig) -> Callable[[Labels], Paging]:
    """Return what says whom an alert with some labels pages."""
    routes = parse_routes(config.document)
    delivering = {
        receiver["name"]
        for receiver in config.document["receivers"]
        if any(value for key, value in receiver.items() if key.endswith("_configs"))
    }

    def find(labels: Labels) -> Paging:
        matches = match_routes(routes, labels)
        paged = [match for match in matches if match.receiver in delivering]
        todo = ""
        if not paged:
            what = f"it is routed to {matches[0].receiver!r}, which notifies nobody"
            todo = f"say whom {labels['alertname']} pages: {what}"
        return Paging(
            receivers=tuple(dict.fromkeys(match.receiver for match in paged or matches[:1])),
            wait_s=max(map(_find_wait_s, paged or matches)),
            interval_s=max(match.group_interval_s for match in paged or matches),
            todo=todo,
            intervals={
                match.receiver: intervals
                for match in paged
                if (intervals := match.mute_time_intervals + match.active_time_intervals)
            },
        )

    return find


def _find_wait_s(match: Match) -> float:
    """Return how long an alert waits for its first notification; in a group of others it may come second."""
    is_alone = match.group_by == ALL_LABELS or "alertname" in match.group_by
    return match.group_wait_s if is_alone else max(match.group_wait_s, match.group_interval_s)


def list_jobs(read: Iterable[ast.VectorSelector]) -> list[str]:
    """Return the jobs that selectors ask for."""
    return [
        matcher.value
        for node in read
        for matcher in node.matchers.matchers
        if matcher.name == "job" and matcher.op == ast.MatchOp.Equal and matcher.value
    ]


def write_new(out: Path, texts: Mapping[Path, str]) -> None:
    """Write files that are not there yet, all of them or none; raises BadInput, naming those that are."""
    there = [path for path in texts if os.path.lexists(path)]
    others = [path for path in there if not _is_as(path, texts[path])]
    if others:
        what = ", ".join(map(str, others[:3])) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise BadInput(
            f"{what}: there already, and init overwrites nothing: move it, or choose another --out"
        )
    for folder in (out, out / DRILLS):
        make_folder(folder)
    write_all({path: text for path, text in texts.items() if path not in there})


def say_written(texts: Iterable[Path], chosen: Chosen) -> list[str]:
    """Return a line for each file, and one about the model that they call."""
    return [*(f"wrote {path}" for path in texts), *([chosen.why] if chosen.why else [])]


def say_unready(out: Path, why: str) -> list[str]:
    """Return what is left to decide where the target was asked for nothing that says that it is ready."""
    what = f"ready, of [target], is the path that answers 2xx once the gateway is ready: {why}"
    return [f"to decide in {out / FILE_NAME}: {what}"] if why else []


def say_todos(out: Path, drafts: Sequence[DraftFile]) -> list[str]:
    """Return what is left to decide, and what to do next."""
    lines = [
        f"to decide in {out / DRILLS / draft.name}: {name}: {todo}"
        for draft in drafts
        for name, todo in draft.todos
    ]
    where = "" if follow(out) == follow(Path()) else f" --project-file {out / FILE_NAME}"
    return [*lines, f"next: alertdrill run --explain{where}"]


def say_source(found: Found | None, files: Sequence[RuleFile]) -> list[str]:
    """Say what the drafts were made of, where that is not all that there could be."""
    if found is not None:
        return []
    names = ", ".join(file.name for file in files)
    return [f"made of {names} alone: --url or --metrics says which metrics there are"]


def _is_as(path: Path, text: str) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode) and read_bytes(path, len(text.encode())) == text.encode()
    except OSError:
        return False
