"""What a request needs, held against what the dialect of a model's provider can say."""

from __future__ import annotations

from alertdrill.gateway.abilities import find_lack, name_parameter, say
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.dialects import DIALECTS
from alertdrill.gateway.models import Model
from alertdrill.gateway.problems import Problem


def can_answer(chat: ChatRequest, model: Model) -> bool:
    """Return whether a model's provider has all that a request needs."""
    return find_lack(chat.needs, DIALECTS[model.dialect].can) is None


def demand(chat: ChatRequest, model: Model) -> None:
    """Raise Problem (400) if a model's provider has not what a request needs."""
    lack = find_lack(chat.needs, DIALECTS[model.dialect].can)
    if lack is not None:
        message = (
            f"{model.id} is not asked for {say(lack)}: its dialect, {model.dialect}, has no way to say it"
        )
        raise Problem(400, message, code="unsupported", param=name_parameter(lack))
