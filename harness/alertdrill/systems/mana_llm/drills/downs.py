"""mana-llm's drills of a gateway that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, Outage
from alertdrill.core.parts import LOOKBACK_S
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.estimates import SCRAPE_S
from alertdrill.systems.drill_building.near import blind, near_for
from alertdrill.systems.mana_llm.drills.load import LEAD_S, MANA_LLM, SLACK_S, SYSTEM, TRAFFIC

DOWN = "LLMServiceDown"
ANY_DOWN = "ServiceDown"
LISTED_WITHIN_S = 600.0
"""What Prometheus takes at the highest speed to scrape a target again that came back into its config."""
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
    gone_s = LEAD_S + LOOKBACK_S
    unlisted = Outage(
        part="scrapes:mana_llm",
        at_s=LEAD_S,
        for_s=LOOKBACK_S + for_s[DOWN] + SLACK_S / 2 + SCRAPE_S,
        how="unlist",
    )
    yield MANA_LLM.drill(
        "mana_llm-down-unlisted",
        "mana-llm is lost from Prometheus's config, and found again. What was scraped last lasts for five "
        "minutes; then there is no `up` that could be 0, and only the rule that asks what is missing fires.",
        expects=[
            MANA_LLM.fires(
                DOWN,
                THE_TARGET,
                between_s=(gone_s - SCRAPE_S + for_s[DOWN], gone_s + for_s[DOWN] + SLACK_S / 2),
                resolves_within_s=unlisted.at_s + unlisted.for_s + LISTED_WITHIN_S,
            ),
            blind(ANY_DOWN, THE_TARGET),
        ],
        uses=[TRAFFIC],
        outages=(unlisted,),
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
