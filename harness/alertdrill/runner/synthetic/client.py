"""An Alertmanager as its API v2 and its metrics show it (api/v2/openapi.yaml of Alertmanager).

Answers differ little: `mutedBy` came with 0.28, and silenced or inhibited is told by all that have API v2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from alertdrill.core.rule import Labels
from alertdrill.errors import ComponentFailed, RequestRefused
from alertdrill.runner.synthetic.counters import Reading, read_counters
from alertdrill.runner.synthetic.integrations import Sender, list_senders
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.nesting import find_too_deep

MAX_CONFIG_CHARACTERS = 1024 * 1024
ROUTING = ("route", "inhibit_rules", "time_intervals", "mute_time_intervals")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Its version, how many members its cluster has, and what its config says of routing and receivers.

    `routing` has the parts of the config that say which alert goes where, `senders` what is at each receiver.
    Nothing else of the config is kept: 0.25 shows the addresses of webhooks, which are secrets.
    """

    version: str
    routing: Mapping[str, Any]
    senders: Mapping[str, tuple[Sender, ...]]
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An alert that Alertmanager has, and what holds it back; instants are epoch seconds."""

    labels: Labels
    fingerprint: str
    state: str
    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    muted_by: tuple[str, ...]
    ends_s: float
    updated_s: float

    @property
    def is_held(self) -> bool:
        """Whether nobody is notified of it."""
        return self.state == "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Alerts that one receiver is told of together."""

    receiver: str
    labels: Labels
    alerts: tuple[Seen, ...]

    def find(self, fingerprint: str) -> Seen | None:
        """Return the alert with this fingerprint, if it is in the group."""
        return next((alert for alert in self.alerts if alert.fingerprint == fingerprint), None)


class Alertmanager:
    """Asks an Alertmanager; ComponentFailed is raised when there is no answer, or none of its kind."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read_status(self) -> Status:
        """Return its status; RequestRefused says what to do where that is plain."""
        try:
            answer = self._api.get("/api/v2/status")
        except RequestRefused as error:
            hint = {
                401: "give what it wants as --header Authorization=@FILE",
                403: "give what it wants as --header Authorization=@FILE",
                404: "API v2 came with Alertmanager 0.16, and stands below the address's path",
            }.get(error.status)
            raise RequestRefused(f"{error}{f' ({hint})' if hint else ''}", status=error.status) from error
        return self._read(answer.json, _read_status, "status")

    def read_groups(self) -> tuple[Group, ...]:
        """Return all alert groups that have an alert which is not resolved, suppressed or not."""
        answer = self._api.get("/api/v2/alerts/groups")
        return self._read(answer.json, lambda found: tuple(map(_read_group, found)), "alert groups")

    def read_counters(self) -> Reading:
        """Return what it counts. Raises CouldNotTell where that is not enough."""
        return read_counters(self._api.get("/metrics").text)

    def post(self, *alerts: SyntheticAlert, starts_s: float, ends_s: float) -> None:
        """Hand alerts in, firing until `ends_s`."""
        self._api.post("/api/v2/alerts", [alert.write(starts_s, ends_s) for alert in alerts])

    @staticmethod
    def _read(load: Callable[[], Any], read: Callable[[Any], _Read], what: str) -> _Read:
        try:
            return read(load())
        except (ValueError, LookupError, TypeError, AttributeError, YAMLError) as error:
            raise ComponentFailed(f"what answers is no Alertmanager: it gave no {what}") from error


def _read_status(found: Any) -> Status:
    original = found["config"]["original"]
    if len(original) > MAX_CONFIG_CHARACTERS:
        raise ValueError("the config is too long")
    if find_too_deep(original) is not None:
        raise ValueError("the config is nested too deeply")
    config = YAML(typ="safe", pure=True).load(original)
    if not isinstance(config["route"], Mapping) or not isinstance(config["receivers"], list):
        raise TypeError("no config")
    return Status(
        version=str(found["versionInfo"]["version"]),
        routing={key: config[key] for key in ROUTING if config.get(key)},
        senders=list_senders(config),
        members=max(1, len(found["cluster"].get("peers") or ())),
    )


def _read_group(found: Any) -> Group:
    return Group(
        receiver=str(found["receiver"]["name"]),
        labels={str(name): str(value) for name, value in found["labels"].items()},
        alerts=tuple(map(_read_seen, found["alerts"])),
    )


def _read_seen(found: Any) -> Seen:
    status = found["status"]
    return Seen(
        labels={str(name): str(value) for name, value in found["labels"].items()},
        fingerprint=str(found["fingerprint"]),
        state=str(status["state"]),
        receivers=tuple(str(receiver["name"]) for receiver in found["receivers"]),
        silenced_by=tuple(status.get("silencedBy") or ()),
        inhibited_by=tuple(status.get("inhibitedBy") or ()),
        muted_by=tuple(status.get("mutedBy") or ()),
        ends_s=datetime.fromisoformat(found["endsAt"]).timestamp(),
        updated_s=datetime.fromisoformat(found["updatedAt"]).timestamp(),
    )
