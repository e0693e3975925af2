"""Patterns: which model did well on which requests, compared by their fingerprints.

A fingerprint (version v2: v1, an exact hash, is history) is an embedding: the words of a text, hashed into
so many buckets, as a vector of length 1. It is deterministic and knows no meaning, but similar wording is
near. Each workspace has patterns and a cache of embeddings of its own; both forget what was used least
recently.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from alertdrill.gateway.events import Listener
from alertdrill.gateway.routing import Pattern
from alertdrill.gateway.sessions.events import EmbeddingRead

FINGERPRINT_VERSION = "v2"
DIMENSIONS = 1024
LEAST_SIMILARITY = 0.8
"""The cosine from which on two requests are similar."""
MAX_PATTERNS = 64
MAX_EMBEDDINGS = 256
_WORD = re.compile(r"\w+")

Embedding = Mapping[int, float]
"""The parts of a vector that are not 0, by dimension."""


def embed(text: str) -> Embedding:
    """Return a text's embedding; of a text without words it is empty, and similar to nothing."""
    counts = Counter(
        int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) % DIMENSIONS
        for word in _WORD.findall(text.lower())
    )
    length = math.sqrt(sum(count * count for count in counts.values()))
    return {dimension: count / length for dimension, count in counts.items()}


def compare(one: Embedding, other: Embedding) -> float:
    """Return the cosine of two embeddings, from 0 to 1."""
    return sum(part * other.get(dimension, 0.0) for dimension, part in one.items())


@dataclass(slots=True)
class _Memory:
    """A workspace's patterns (embedding and model by text) and cached embeddings, oldest use first."""

    patterns: OrderedDict[str, tuple[Embedding, str]] = field(default_factory=OrderedDict)
    embeddings: OrderedDict[str, Embedding] = field(default_factory=OrderedDict)
    hits: int = 0
    reads: int = 0


class PatternStore:
    """The patterns of all workspaces; there are as many as there are workspaces, which are bounded."""

    def __init__(self, emit: Listener) -> None:
        self._emit = emit
        self._memories: dict[str, _Memory] = {}

    def find(self, workspace: str, text: str) -> Pattern | None:
        """Return the pattern nearest to a text; None if none is similar."""
        memory = self._recall(workspace)
        embedding = self._read(workspace, text)
        nearest = max(
            ((compare(embedding, known), name) for name, (known, _) in memory.patterns.items()),
            default=(0.0, ""),
        )
        if nearest[0] < LEAST_SIMILARITY:
            return None
        memory.patterns.move_to_end(nearest[1])
        return Pattern(model=memory.patterns[nearest[1]][1], fingerprint_version=FINGERPRINT_VERSION)

    def learn(self, workspace: str, text: str, model: str, *, passed: bool) -> None:
        """Remember that a model did well on a text, or forget that it once did."""
        patterns = self._recall(workspace).patterns
        if passed:
            patterns[text] = (self._read(workspace, text), model)
            patterns.move_to_end(text)
            if len(patterns) > MAX_PATTERNS:
                patterns.popitem(last=False)
        elif text in patterns and patterns[text][1] == model:
            del patterns[text]

    def _recall(self, workspace: str) -> _Memory:
        return self._memories.setdefault(workspace, _Memory())

    def _read(self, workspace: str, text: str) -> Embedding:
        """Return a text's embedding, from the cache if it has it."""
        memory = self._recall(workspace)
        memory.reads += 1
        embedding = memory.embeddings.get(text)
        if embedding is None:
            embedding = memory.embeddings[text] = embed(text)
            if len(memory.embeddings) > MAX_EMBEDDINGS:
                memory.embeddings.popitem(last=False)
        else:
            memory.hits += 1
            memory.embeddings.move_to_end(text)
        self._emit(EmbeddingRead(workspace=workspace, hit_ratio=memory.hits / memory.reads))
        return embedding
