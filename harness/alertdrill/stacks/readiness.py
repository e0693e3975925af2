"""Waiting until every part of a stack says that it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import requests

from alertdrill.core.wording import printable
from alertdrill.errors import ComponentFailed
from alertdrill.runtime.http_client import find_cause, say_cause
from alertdrill.runtime.http_deadline import make_session
from alertdrill.stacks import Endpoints

POLL_S = 0.05
ANSWER_WITHIN_S = 1.0


def await_ready(endpoints: Endpoints, check: Callable[[], None], *, within_s: float, logs: Path) -> None:
    """Wait until all parts answer, at most `within_s` wall seconds.

    What somebody else runs is not waited for. `check` raises for a part that has ended. Raises
    ComponentFailed, naming the first part that is not ready, what it answered at the last, and its log, if it
    has one.
    """
    give_up_at = time.monotonic() + within_s
    waiting = {
        part: url
        for part, url in endpoints.health.items()
        if part in {"gateway", "prometheus", "alertmanager", "pager"} - endpoints.access.keys()
    }
    waiting |= {f"provider-{name}": f"{url}/control/state" for name, url in endpoints.controls.items()}
    # Only where it belongs: a port may be somebody else's.
    secret = {"Authorization": f"Bearer {endpoints.control_token}"}
    with make_session(ANSWER_WITHIN_S) as session:
        if endpoints.authorities is not None:
            session.verify = str(endpoints.authorities)
        while waiting:
            check()
            obstacles = {
                part: _find_obstacle(session, url, secret if part.startswith("provider-") else {})
                for part, url in waiting.items()
            }
            waiting = {part: url for part, url in waiting.items() if obstacles[part]}
            if waiting and time.monotonic() > give_up_at:
                part, url = next(iter(waiting.items()))
                log = logs / f"{part}.log"
                where = f"; its log is {log}" if log.exists() else ""
                raise ComponentFailed(
                    f"{part} was not ready within {within_s:.0f} s: {url} {obstacles[part]}{where}"
                )
            if waiting:
                time.sleep(POLL_S)
        # A port that somebody else holds answers too: only a part that still runs is ours.
        check()


def _find_obstacle(session: requests.Session, url: str, headers: Mapping[str, str]) -> str:
    """Say why a part is not ready; nothing if it is."""
    try:
        answer = session.get(url, headers=dict(headers), timeout=ANSWER_WITHIN_S)
    except requests.exceptions.SSLError as error:
        return f"has a certificate that is not trusted ({say_cause(find_cause(error))})"
    except requests.Timeout:
        return f"did not answer within {ANSWER_WITHIN_S:g} s"
    except requests.RequestException as error:
        return f"cannot be asked ({say_cause(find_cause(error))})"
    return "" if answer.ok else f"answered {answer.status_code} {printable(answer.reason)}"
