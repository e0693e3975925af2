"""The traffic of a drill in YAML, and what providers are told meanwhile."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import Any, get_args

from alertdrill.core.drill import (
    LEAST_BURSTINESS,
    MOST_BURSTINESS,
    Arrivals,
    BehaviourChange,
    LoadProfile,
    LoadStage,
    TracedCall,
)
from alertdrill.errors import BadInput
from alertdrill.project.behaviours import read_behaviour, take_key
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar
from alertdrill.systems.drill_building.behaviours import HEALTHY, Behaviour
from alertdrill.systems.drill_building.traces import read_trace
from alertdrill.systems.drill_building.traffic import sum_up
from alertdrill.systems.drill_files.scenario_options import check_options


def read_profile(fields: Fields, name: str) -> LoadProfile:
    """Return a load profile; what no field of its own takes are options of its scenario."""
    scenario = fields.take_text("scenario")
    trace = _read_trace(fields) if fields.has("trace") else ()
    if trace:
        stages: tuple[LoadStage, ...] = (sum_up(trace[0], trace[1]),)
    elif fields.has("stages"):
        if fields.has("rate") or fields.has("lasts"):
            raise fields.fail(f"{fields.what} has stages, which have the rate, so it has no rate of its own")
        stages = tuple(
            _read_stage(Fields(node, fields.name, f"a stage of {fields.what}"))
            for node in fields.take_items("stages")
        )
    else:
        stages = (_take_stage(fields),)
    arrivals: Arrivals = fields.take_word("arrivals", get_args(Arrivals), "uniform")  # type: ignore[assignment] # one of them
    return LoadProfile(
        name=fields.take_text("name", name),
        scenario=scenario,
        start_s=fields.take_duration("at", 0.0),
        stages=stages,
        arrivals=arrivals,
        burstiness=_read_burstiness(fields, arrivals),
        trace=trace[0] if trace else (),
        options=_read_options(fields, scenario, is_traced=bool(trace)),
    )


def _read_options(fields: Fields, scenario: str, *, is_traced: bool) -> dict[str, Any]:
    """Return what a load profile has besides, which its scenario reads; of streamed answers it is a share."""
    streamed = {"stream_share": fields.take_share("stream_share")} if fields.has("stream_share") else {}
    if streamed.get("stream_share", 0.0) > 1:
        raise fields.fail(f"stream_share of {fields.what} is more than 100%")
    options = {key: _read_value(node) for key, node in fields.take_rest().items()} | streamed
    check_options(fields, scenario, options, is_traced=is_traced)
    return options


def _read_trace(fields: Fields) -> tuple[tuple[TracedCall, ...], float | None]:
    """Return the calls of a trace, whose file is named as seen from the drill's, and how long it is sent."""
    for key in ("rate", "stages", "arrivals", "burstiness"):
        if fields.has(key):
            raise fields.fail(f"{fields.what} has a trace, which says when calls come, so it has no {key}")
    node = fields.take_node("trace")
    path = Path(fields.name).parent / fields.put_back("trace", node).take_text("trace")
    lasts_s = fields.take_duration("lasts") if fields.has("lasts") else None
    if lasts_s == 0:
        raise fields.fail(f"lasts of {fields.what} is 0: no call of the trace comes within it")
    try:
        return read_trace(path, lasts_s=lasts_s), lasts_s
    except BadInput as error:
        raise fields.fail(f"the trace of {fields.what}: {error}", node) from error


def _read_burstiness(fields: Fields, arrivals: Arrivals) -> float | None:
    """Return the burstiness, which arrivals by gamma have to have, and no others."""
    if arrivals != "gamma":
        if fields.has("burstiness"):
            raise fields.fail(f"{fields.what} has a burstiness, which only arrivals: gamma have")
        return None
    node = fields.take_node("burstiness")
    burstiness = fields.put_back("burstiness", node).take_number("burstiness")
    if not LEAST_BURSTINESS <= burstiness <= MOST_BURSTINESS:
        raise fields.fail(
            f"burstiness of {fields.what} is {burstiness:g}, not a number from {LEAST_BURSTINESS:g} to "
            f"{MOST_BURSTINESS:g}: 1 is Poisson, less comes in bursts",
            node,
        )
    return burstiness


def _read_stage(fields: Fields) -> LoadStage:
    stage = _take_stage(fields)
    fields.end()
    return stage


def _take_stage(fields: Fields) -> LoadStage:
    return LoadStage(rate_per_s=fields.take_rate("rate"), duration_s=fields.take_duration("lasts"))


def read_change(fields: Fields, healthy: AnyMapping[str, Behaviour]) -> BehaviourChange:
    """Return what a provider is told at an instant of the drill; `healthy` is how each behaves otherwise.

    That is by its name, or by `provider:model` of a model that behaves otherwise.
    """
    at_s, provider = fields.take_duration("at"), fields.take_text("provider")
    if fields.has("listening"):
        change = BehaviourChange(
            at_s=at_s, provider=provider, behaviour={"listening": fields.take_truth("listening")}
        )
    else:
        key_env = take_key(fields) if fields.has("key") else None
        if key_env is not None and fields.has("model"):
            raise fields.fail(f"{fields.what} has a key, whose calls it is about whatever their model is")
        model = fields.take_text("model", "*") if key_env is None else None
        usual = healthy.get(f"{provider}:{model}", healthy.get(provider, HEALTHY))
        change = BehaviourChange(
            at_s=at_s,
            provider=provider,
            model=model,
            key_env=key_env,
            behaviour=_read_behaviour(fields, usual),
        )
    fields.end()
    return change


def _read_behaviour(fields: Fields, healthy: Behaviour) -> Behaviour:
    """Return a behaviour: healthy, but for what is stated."""
    is_healthy = fields.has("healthy")
    if not fields.take_truth("healthy", True):
        raise fields.fail("healthy is only ever true: say what is wrong with errors, latency or listening")
    told = read_behaviour(fields)
    if is_healthy and told:
        raise fields.fail(
            f"{fields.what} is healthy: true, and has {', '.join(told)}: state one or the other"
        )
    if not is_healthy and not told and not fields.has_more():
        raise fields.fail(f"{fields.what} says nothing: state healthy: true, listening, or how it behaves")
    return {**healthy, **told}


def _read_value(node: Node) -> Any:
    """Return an option as YAML means it: numbers, true and false, texts, lists and mappings of them."""
    if isinstance(node, Scalar):
        return _read_scalar(node)
    if isinstance(node, Mapping):
        return {key: _read_value(value) for key, value in node.values.items()}
    return [_read_value(item) for item in node.items]


def _read_scalar(node: Scalar) -> Any:
    if node.style:
        return node.text
    if node.is_null:
        return None
    for read in (int, float):
        try:
            return read(node.text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(node.text, node.text)
