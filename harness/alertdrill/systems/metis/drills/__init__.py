"""Metis's drills: each alert fires and resolves, stays silent just short of it, and its false positives.

Each drill has a model or a key of its own, so that most are held at the same time; those that move the one
series of authentication failures queue, and so do those that a closed provider would hit. Times are seconds
of rule time from the drill's start.

Intensities and times follow the values: `threshold`, `window` (W) and `for` (F) of each alert. A drill whose
point rests on how W and F relate (one cause is seen for one scrape less than W, so it never fires while
W <= F) is left out when they do not relate so; thresholds that this traffic cannot come near are refused.

Two facts shape the traffic. A counter that is born at 1 shows no increase, so what must be seen from its
first increment on is primed by one call before. And a value is over its threshold for as long as what
raised it is inside the window, which is why a short cause can outlast a `for`.
"""

from __future__ import annotations

from alertdrill.core.drill import Drill
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing
from alertdrill.systems.drill_building.estimates import choose_every
from alertdrill.systems.drill_building.traffic import change, send
from alertdrill.systems.metis.drills.auth import make_auth_drills
from alertdrill.systems.metis.drills.costs import make_cost_drills
from alertdrill.systems.metis.drills.errors import make_error_drills
from alertdrill.systems.metis.drills.latency import make_latency_drills
from alertdrill.systems.metis.drills.load import METIS
from alertdrill.systems.metis.drills.paging import make_drills as make_paging_drills

QUIET_MODELS = ("openai:gpt-4o-mini", "anthropic:claude-haiku-4-5", "ollama:phi4")
SOMETIMES_FAILING = "openai:gpt-4o"


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Metis's drills for these values; raises BadInput for values that cannot be drilled."""
    latency = tuple(make_latency_drills(values["llmLatencyP99"]))
    errors = tuple(make_error_drills(values["llmErrorRate"]))
    return (
        _make_quiet(values["llmErrorRate"].threshold),  # which is checked by now
        *latency,
        *errors,
        *make_auth_drills(values["gatewayAuthFailureRate"]),
        *make_cost_drills(values["gatewayKeyCostSpike"]),
        *make_paging_drills(),
    )


def _make_quiet(error_threshold: float) -> Drill:
    name, every = "metis-quiet", max(40, choose_every(error_threshold / 2))
    sessions = f"{name}-sessions"
    return METIS.drill(
        name,
        "Half an hour of healthy mixed traffic: plain and streamed, four models, three providers, one "
        f"bad call in {every} of one of them; and sessions with tools, some of which fail, judges, patterns "
        "and workspaces, under a key with a quota.",
        send(
            name,
            "steady",
            [(1800, 0.4)],
            [
                change(0, SOMETIMES_FAILING, failing(every=every)),
                *(change(0, model, HEALTHY) for model in QUIET_MODELS),
            ],
            arrivals="poisson",
            models=[SOMETIMES_FAILING, *QUIET_MODELS],
            key=name,
            stream_share=0.5,
        ),
        send(
            sessions,
            "sessions",
            [(1800, 0.1)],
            key=sessions,
            learned="anthropic:claude-haiku-4-5",
            default="ollama:phi4",
            judge="openai:gpt-4o-mini",
            daily_requests=1000,
        ),
        lasts_s=1800,
    )
