"""mana-llm's drills of a gateway that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, Outage
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.near import near_for
from alertdrill.systems.mana_llm.drills.load import LEAD_S, MANA_LLM, SLACK_S, SYSTEM

DOWN = "LLMServiceDown"
ANY_DOWN = "ServiceDown"
THE_TARGET = {**SYSTEM, "job": "mana-llm"}


def make_down_drills(values: Values) -> Iterator[Drill]:
    """Yield the drills of `up`: both alerts are the same condition, so both drills say the same of each."""
    for_s = {DOWN: values["llmServiceDown"].for_s, ANY_DOWN: values["serviceDown"].for_s}
    outage = Outage(part="gateway", at_s=LEAD_S, for_s=max(for_s.values()) + 180, how="kill")
    yield MANA_LLM.drill(
        "mana_llm-down-fires",
        "The gateway is killed and started again four minutes later. Two alerts have the same "
        "condition, so one outage is two pages.",
        expects=[
            MANA_LLM.fires(
                alert,
                THE_TARGET,
                # Before twice the `for`: what needs so long is another rule.
                between_s=(LEAD_S + own_s, LEAD_S + max(2 * own_s, own_s + SLACK_S / 2)),
                resolves_within_s=outage.at_s + outage.for_s + 300,
            )
            for alert, own_s in for_s.items()
        ],
        outages=(outage,),
    )
    # What one failed scrape saw must stand until an evaluation: three intervals, whatever their phases. It is
    # between that and the `for`, since an engine of containers is some time late at either end.
    pause = Outage(part="gateway", at_s=LEAD_S, for_s=0.875 * min(for_s.values()), how="pause")
    yield MANA_LLM.drill(
        "mana_llm-down-near-for",
        "The gateway stands still for seven eighths of the `for`: pending, and silent.",
        expects=[
            near_for(alert, THE_TARGET, over_s=(0, own_s - 10), reaches=0.0) for alert, own_s in for_s.items()
        ],
        lasts_s=LEAD_S + pause.for_s + 180,
        outages=(pause,),
    )
