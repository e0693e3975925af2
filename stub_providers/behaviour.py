"""How a provider behaves, per model and per key, and what each call meets. Pure and seeded; no I/O.

All times are seconds of rule time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from .distributions import MAX_LATENCY_S, Constant, Count, Latency, draw_count
from .flaws import Flaw
from .limits import Buckets, Limits, Standing
from .pace import FIRST_TOKEN_SHARE, MAX_STREAMED_PIECES
from .spells import Spell
from .strikes import ErrorClass, Errors

EVERY_MODEL = "*"
DEFAULT_LATENCY = Constant(s=1.0)
DEFAULT_COMPLETION_TOKENS = 64
ERROR_LATENCY_S = 0.1
STALL_S = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What calls to a model meet; a part that is not told has the default here.

    Without `completion_tokens` a completion has 64 and keeps to the request's limit; without
    `prompt_tokens` they are estimated from the request. Without `first_token` the first token comes after
    `FIRST_TOKEN_SHARE` of the latency. With `between_tokens`, whose times are drawn for each token, the
    latency is that of the first token and all that follow, of an answer that is not streamed as well.
    `lookups` says whether what is looked up meets latency, errors and limits, too.
    """

    latency: Latency = DEFAULT_LATENCY
    first_token: Latency | None = None
    between_tokens: Latency | None = None
    completion_tokens: Count | None = None
    prompt_tokens: Count | None = None
    errors: Errors | None = None
    flaw: Flaw | None = None
    limits: Limits | None = None
    spells: tuple[Spell, ...] = ()
    lookups: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one call meets: after `latency_s`, `error` or an answer with these token counts.

    `gaps_s` are the times between the pieces of a stream, where they were told; `standing` is what is left of
    limits, if there are any, and why they refuse the call; `spells` says how many spells it is in.
    """

    latency_s: float
    error: ErrorClass | None
    prompt_tokens: int
    completion_tokens: int
    truncated: bool
    first_token_s: float | None = None
    gaps_s: tuple[float, ...] = ()
    flaw: Flaw | None = None
    standing: Standing | None = None
    spells: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call asks for, as far as a behaviour has to know; `max_tokens` bounds its completion."""

    model: str
    key: str = ""
    estimated_prompt_tokens: int = 0
    max_tokens: int | None = None
    choices: int = 1
    generates: bool = True
    """Whether it asks for a completion, whose tokens take time and count."""


class Engine:
    """Decides what each call meets, the same for the same seed, tells, and order and instants of calls.

    A behaviour for a key governs all calls with it. That for `"*"` governs every other model that has none of
    its own; at first it is `default`. Its calls are counted, its random numbers, limits and spells begin,
    when it is told.
    """

    def __init__(self, seed: str, default: Behaviour = Behaviour(), *, now_s: float = 0.0) -> None:
        self._seed = seed
        self._default = default
        self._models: dict[str, _Governor] = {}
        self._keys: dict[str, _Governor] = {}
        self.tell(EVERY_MODEL, default, now_s=now_s)

    def tell(self, model: str, behaviour: Behaviour, *, now_s: float = 0.0) -> None:
        """Replace the behaviour of `model` at an instant, starting all that it counts anew."""
        self._models[model] = _Governor(behaviour, f"{self._seed}/{model}", now_s)

    def tell_key(self, key: str, behaviour: Behaviour, *, now_s: float = 0.0) -> None:
        """Replace the behaviour of calls with `key` at an instant, starting all that it counts anew."""
        self._keys[key] = _Governor(behaviour, f"{self._seed}/key/{key}", now_s)

    def forget(self, model: str, *, now_s: float = 0.0) -> bool:
        """Drop the behaviour of `model` (`"*"`: go back to the first default); say whether it had one."""
        if model == EVERY_MODEL:
            self.tell(EVERY_MODEL, self._default, now_s=now_s)
            return True
        return self._models.pop(model, None) is not None

    def forget_key(self, key: str) -> bool:
        """Drop the behaviour of `key`; say whether it had one."""
        return self._keys.pop(key, None) is not None

    def decide(self, asked: Asked, *, now_s: float) -> Decision:
        """Decide what the next call meets, at an instant that never goes back."""
        governor = self._keys.get(asked.key) or self._models.get(asked.model) or self._models[EVERY_MODEL]
        return governor.decide(asked, now_s)

    def decide_lookup(self, key: str, *, now_s: float) -> Decision | None:
        """Decide what the next lookup meets; None is an answer at once."""
        governor = self._keys.get(key) or self._models[EVERY_MODEL]
        if not governor.behaviour.lookups:
            return None
        return governor.decide(Asked(model=EVERY_MODEL, key=key, generates=False), now_s)


class _Governor:
    """A behaviour in force, with the calls that it has governed."""

    __slots__ = ("_buckets", "_calls", "_rng", "_spell_calls", "_told_at_s", "behaviour")

    def __init__(self, behaviour: Behaviour, seed: str, now_s: float) -> None:
        self.behaviour = behaviour
        self._rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
        self._calls = 0
        self._told_at_s = now_s
        self._buckets = Buckets(behaviour.limits, now_s) if behaviour.limits else None
        self._spell_calls: dict[int, tuple[int, int]] = {}
        """By spell: its last turn that had calls, and how many."""

    def decide(self, asked: Asked, now_s: float) -> Decision:
        behaviour, rng = self.behaviour, self._rng
        self._calls += 1
        latency_s = behaviour.latency.draw(self._calls, rng)
        error = behaviour.errors.draw(self._calls, rng) if behaviour.errors else None
        prompt_tokens, completion_tokens, truncated = self._draw_tokens(asked)
        decision = Decision(
            latency_s=latency_s,
            error=error,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            truncated=truncated,
            flaw=behaviour.flaw if behaviour.flaw and behaviour.flaw.strikes(self._calls, rng) else None,
        )
        if behaviour.first_token is not None or behaviour.between_tokens is not None:
            decision = self._pace(decision, asked)
        if behaviour.spells:
            decision = self._bear_spells(decision, now_s - self._told_at_s)
        if self._buckets is not None:
            output_tokens = completion_tokens * asked.choices if asked.generates else 0
            standing = self._buckets.take(
                input_tokens=prompt_tokens, output_tokens=output_tokens, now_s=now_s
            )
            refused = {"error": "rate_limit"} if standing.refused_by else {}
            decision = replace(decision, standing=standing, **refused)  # type: ignore[arg-type] # an error class
        if decision.error is None:
            return decision
        waits_s = STALL_S if decision.error == "timeout" else min(ERROR_LATENCY_S, decision.latency_s)
        return replace(decision, latency_s=waits_s, first_token_s=None, gaps_s=(), flaw=None)

    def _draw_tokens(self, asked: Asked) -> tuple[int, int, bool]:
        """Return the tokens of the prompt and of the completion, and whether it is cut short."""
        behaviour = self.behaviour
        prompt = asked.estimated_prompt_tokens
        if behaviour.prompt_tokens is not None:
            prompt = draw_count(behaviour.prompt_tokens, self._rng)
        told = behaviour.completion_tokens
        wanted = DEFAULT_COMPLETION_TOKENS if told is None else draw_count(told, self._rng)
        most = asked.max_tokens
        truncated = most is not None and wanted > most
        # A number that was told is kept whatever the request says: a drill may want more tokens than allowed.
        if truncated and not isinstance(told, int) and most is not None:
            wanted = most
        return prompt, wanted, truncated

    def _pace(self, decision: Decision, asked: Asked) -> Decision:
        """Return a decision whose first token, and whose others, come when they were told."""
        behaviour, rng = self.behaviour, self._rng
        first_s = decision.latency_s * FIRST_TOKEN_SHARE
        if behaviour.first_token is not None:
            first_s = behaviour.first_token.draw(self._calls, rng)
        between = behaviour.between_tokens
        if between is None or not asked.generates:
            return replace(decision, first_token_s=first_s, latency_s=max(first_s, decision.latency_s))
        tokens_after = max(0, decision.completion_tokens - 1)
        pieces_after = min(tokens_after, MAX_STREAMED_PIECES - 1)
        gaps_s = tuple(
            between.draw(number, rng) * tokens_after / pieces_after for number in range(1, pieces_after + 1)
        )
        return replace(decision, first_token_s=first_s, gaps_s=gaps_s, latency_s=first_s + sum(gaps_s))

    def _bear_spells(self, decision: Decision, age_s: float) -> Decision:
        """Return what a call meets in the spells of its instant."""
        for number, spell in enumerate(self.behaviour.spells):
            turn = spell.find_turn(age_s)
            if turn is None:
                continue
            before = self._spell_calls.get(number, (turn, 0))
            call = before[1] + 1 if before[0] == turn else 1
            self._spell_calls[number] = (turn, call)
            error = spell.errors.draw(call, self._rng) if spell.errors else None
            flaw = decision.flaw
            if spell.flaw is not None:
                flaw = spell.flaw if spell.flaw.strikes(call, self._rng) else None
            decision = replace(
                _slow_down(decision, spell.slowdown),
                error=decision.error or error,
                flaw=flaw,
                spells=decision.spells + 1,
            )
        return decision


def _slow_down(decision: Decision, times: float) -> Decision:
    if times == 1.0:
        return decision
    first_s = decision.first_token_s
    return replace(
        decision,
        latency_s=min(decision.latency_s * times, MAX_LATENCY_S),
        first_token_s=None if first_s is None else min(first_s * times, MAX_LATENCY_S),
        gaps_s=tuple(gap_s * times for gap_s in decision.gaps_s),
    )
