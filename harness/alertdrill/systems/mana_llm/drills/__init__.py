"""mana-llm's drills: each alert fires and resolves, stays silent just short of it.

The alerts look at the whole system, so all traffic is in everybody's denominators: drills that send any use
`mana-llm traffic` and queue, and one drill often says something of several alerts. Only the quiet drill runs
beside others: it sends too little to move them, but for the one that needs stillness.

Three facts shape the traffic. A counter that is born at 1 shows no increase. A value is over its threshold
for as long as enough of what raised it is inside the window. And failed attempts are attempts without a
latency: errors after which no other provider is tried (`context_overflow`) move the error rate alone.
"""

from __future__ import annotations

from alertdrill.core.drill import Drill
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import failing
from alertdrill.systems.drill_building.traffic import change_from_healthy, send
from alertdrill.systems.mana_llm.drills.causes import make_cause_drills
from alertdrill.systems.mana_llm.drills.downs import make_down_drills
from alertdrill.systems.mana_llm.drills.load import MANA_LLM, STILLNESS
from alertdrill.systems.mana_llm.drills.near import make_near_drills
from alertdrill.systems.mana_llm.drills.together import make_together_drills


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return mana-llm's drills for these thresholds, windows and `for`s."""
    return (
        _make_quiet(),
        *make_cause_drills(values),
        *make_near_drills(values),
        *make_together_drills(values),
        *make_down_drills(values),
    )


def _make_quiet() -> Drill:
    models = ["ollama:gemma3:4b", "google:gemini-2.0-flash", "openrouter:llama-4-maverick"]
    name = "mana_llm-quiet"
    return MANA_LLM.drill(
        name,
        "Half an hour of little traffic over three providers, streamed and not; one call in thirty "
        "fails and is answered by Google.",
        send(
            name,
            "steady",
            [(1800, 0.05)],
            [
                *change_from_healthy(models[0], {0.0: failing(every=10)}),
                *change_from_healthy(models[1], {}),
                *change_from_healthy(models[2], {}),
            ],
            models=models,
            key=name,
            stream_share=0.5,
        ),
        lasts_s=1800,
        shares=[STILLNESS],
    )
