"""Made-up alerts, ways and configs for the tests of synthetic alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.client import Group, Seen
from alertdrill.runner.synthetic.integrations import list_senders
from alertdrill.runner.synthetic.route import find_destination
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, mark


def make_alert(name: str = "Down", **labels: str) -> SyntheticAlert:
    """Return a marked alert with these labels."""
    return mark(
        labels={"alertname": name, **labels},
        annotations={"summary": "it is down"},
        generator_url="http://prometheus:9090/graph?g0.expr=up&g0.tab=1",
        source="rules.yml:1",
    )


def make_config(route: Mapping[str, Any], **receivers: Sequence[str]) -> dict[str, Any]:
    """Return a config with receivers that have one integration of each kind that is named."""
    return {
        "route": route,
        "receivers": [
            {"name": name, **{f"{kind}_configs": [{}] * kinds.count(kind) for kind in kinds}}
            for name, kinds in receivers.items()
        ],
    }


def bind_alert(alert: SyntheticAlert, config: Mapping[str, Any]) -> Bound:
    """Return an alert with where a config leads it, without asking amtool."""
    return Bound(alert=alert, destination=find_destination(config, list_senders(config), alert.labels))


def make_group(
    receiver: str, labels: Mapping[str, str], *alerts: SyntheticAlert, state: str = "active"
) -> Group:
    """Return a group as Alertmanager shows it."""
    return Group(
        receiver=receiver,
        labels=labels,
        alerts=tuple(
            Seen(
                labels=alert.labels,
                fingerprint=alert.fingerprint,
                state=state,
                receivers=(receiver,),
                silenced_by=(),
                inhibited_by=(),
                muted_by=(),
                ends_s=0.0,
                updated_s=0.0,
            )
            for alert in alerts
        ),
    )
