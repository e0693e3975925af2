"""Writes the project file that drafts belong to, as a person would. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PROVIDER_PORT = 9101
"""Where a gateway that runs already can be told to find its provider."""
LATENCY_S = 0.05
"""How long a provider with which nothing is wrong takes: a speed makes a call no shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a project file states.

    Metrics were found at `scrape_path`, of another `scrape_address` than the target's if it is stated.
    """

    name: str
    url: str
    rules: Sequence[str]
    alertmanager: str | None
    drills: str
    key_env: str | None
    provider: str
    dialect: str
    jobs: Sequence[str]
    ready: str | None
    scrape_path: str | None
    scrape_address: str | None
    is_url_given: bool


def write_project(outline: Outline) -> str:
    """Return the text of the project file."""
    return "\n".join(_list_lines(outline)) + "\n"


def _list_lines(outline: Outline) -> Iterator[str]:
    yield "# Drafted by alertdrill init: change whatever you know better."
    yield f"name = {_quote(outline.name)}"
    yield f"rules = {_list(outline.rules)}"
    if outline.alertmanager is not None:
        yield f"alertmanager = {_quote(outline.alertmanager)}"
    else:
        yield '# alertmanager = "alertmanager.yml"  # without one, receivers are those of our routing'
    yield f"drills = {_list([outline.drills])}"
    yield ""
    yield "[target]"
    yield f"url = {_quote(outline.url)}" + (
        "" if outline.is_url_given else "  # taken for granted: correct it"
    )
    if outline.ready is not None:
        yield f"ready = {_quote(outline.ready)}"
    else:
        yield '# ready = "/…"  # the path that answers 2xx once the gateway is ready; "/" otherwise'
    if outline.key_env is not None:
        yield f"key = {{env = {_quote(outline.key_env)}}}"
    yield "# A command has each run start the gateway, and end it; addresses of providers are filled in:"
    yield '# command = ["my-gateway", "--port", "4000"]'
    yield f'# env = {{OPENAI_API_BASE = "{{provider.{outline.provider}.url}}/v1"}}'
    for job in outline.jobs:
        yield ""
        yield "[[scrape]]"
        yield f"job = {_quote(job)}" + ("  # which rules ask for" if job != outline.name else "")
        path = "/metrics" if outline.scrape_path is None else outline.scrape_path
        yield f"path = {_quote(path)}"
        if outline.scrape_address is not None:
            yield f"targets = {_list([outline.scrape_address])}"
        elif outline.key_env is not None:
            yield f"key = {{env = {_quote(outline.key_env)}}}"
    yield ""
    yield "# Stands in for the provider, and fails or is slow as a drill says. Have the gateway call it:"
    yield f"# http://127.0.0.1:{PROVIDER_PORT}, with /v1 behind it where that is usual."
    yield "[[provider]]"
    yield f"name = {_quote(outline.provider)}"
    yield f"dialect = {_quote(outline.dialect)}"
    yield f"port = {PROVIDER_PORT}"
    yield f'behaviour = {{latency = {{kind = "constant", s = {LATENCY_S:g}}}}}'


def find_jobs(jobs: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the jobs that rules ask for, or one by the project's name."""
    return tuple(dict.fromkeys(jobs)) or (name,)


def _quote(text: str) -> str:
    """Return a basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quote, texts))}]"
