"""Judges: whether a turn, or a whole session, did what was asked.

The heuristic judge passes a turn that was answered with a text, which ended by itself, and no tool of which
failed; and a session most of whose turns pass. The model judge asks a model, which is to begin with FAIL
if the answer does not do.
"""

from __future__ import annotations

from collections.abc import Sequence

from alertdrill.gateway.calls import Calls
from alertdrill.gateway.chat import ChatRequest, Message
from alertdrill.gateway.events import Listener
from alertdrill.gateway.keys import Key
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.sessions.events import EvalCompleted, EvalFailed, JudgeKind, SubjectKind
from alertdrill.gateway.sessions.table import Turn

MAX_SHOWN_CHARS = 4_000
VERDICT_TOKENS = 64
INSTRUCTION = (
    "You judge answers. Begin with FAIL if the answer does not do what was asked, else with PASS; say why."
)


class Judges:
    """All judges, and the telling of their verdicts."""

    def __init__(self, calls: Calls, emit: Listener) -> None:
        self._calls = calls
        self._emit = emit

    async def judge(
        self,
        judge: JudgeKind,
        subject: SubjectKind,
        turns: Sequence[Turn],
        key: Key | None,
        model: str | None,
    ) -> bool:
        """Return whether the turns pass; `model` is the judge's own. Raises Problem if it has no answer."""
        try:
            if judge == "model":
                passed = await self._ask(turns, key, model)
            else:
                passed = 2 * sum(_is_sound(turn) for turn in turns) > len(turns)
        except Problem:
            self._emit(EvalFailed(judge_kind=judge, subject_kind=subject))
            raise
        self._emit(EvalCompleted(judge_kind=judge, subject_kind=subject, passed=passed))
        return passed

    async def _ask(self, turns: Sequence[Turn], key: Key | None, model: str | None) -> bool:
        shown = "\n\n".join(f"Asked: {turn.text}\nAnswered: {turn.answer}" for turn in turns)
        messages = (
            Message(role="system", text=INSTRUCTION),
            Message(role="user", text=shown[-MAX_SHOWN_CHARS:]),
        )
        chat = ChatRequest(model=model, messages=messages, max_tokens=VERDICT_TOKENS)
        _, completion = await self._calls.complete(chat, key)
        return not completion.text.lstrip().upper().startswith("FAIL")


def _is_sound(turn: Turn) -> bool:
    return (
        bool(turn.answer.strip())
        and turn.finish_reason == "stop"
        and all(result.error_class is None for result in turn.tools)
    )
