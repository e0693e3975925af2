"""Waiting until every part of a stack says that it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import requests

from alertdrill.errors import ComponentFailed
from alertdrill.runtime.http_deadline import make_session
from alertdrill.stacks import Endpoints

POLL_S = 0.05
ANSWER_WITHIN_S = 1.0


def await_ready(endpoints: Endpoints, check: Callable[[], None], *, within_s: float, logs: Path) -> None:
    """Wait until all parts answer, at most `within_s` wall seconds.

    `check` raises for a part that has ended. Raises ComponentFailed, naming the first part that is not ready.
    """
    give_up_at = time.monotonic() + within_s
    waiting = {
        part: url
        for part, url in endpoints.health.items()
        if part in {"gateway", "prometheus", "alertmanager", "pager"}
    }
    waiting |= {f"provider-{name}": f"{url}/control/state" for name, url in endpoints.controls.items()}
    # Only where it belongs: a port may be somebody else's.
    secret = {"Authorization": f"Bearer {endpoints.control_token}"}
    with make_session(ANSWER_WITHIN_S) as session:
        if endpoints.authorities is not None:
            session.verify = str(endpoints.authorities)
        while waiting:
            check()
            waiting = {
                part: url
                for part, url in waiting.items()
                if not _is_ready(session, url, secret if part.startswith("provider-") else {})
            }
            if waiting and time.monotonic() > give_up_at:
                part = next(iter(waiting))
                raise ComponentFailed(
                    f"{part} was not ready within {within_s:.0f} s; its log is {logs / f'{part}.log'}"
                )
            if waiting:
                time.sleep(POLL_S)
        # A port that somebody else holds answers too: only a part that still runs is ours.
        check()


def _is_ready(session: requests.Session, url: str, headers: Mapping[str, str]) -> bool:
    try:
        return session.get(url, headers=dict(headers), timeout=ANSWER_WITHIN_S).ok
    except requests.RequestException:
        return False
