"""How a stub provider is waited for as it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.runtime.process import Process
from alertdrill.stacks import stub_provider
from alertdrill.stacks.stub_provider import StubOrder, open_stub


class EndsBehindOurBack(Process):
    """A process that has ended with bad usage, and is seen to run once more."""

    def __init__(self, log_path: Path) -> None:
        self.name, self.log_path = "the stub openai", log_path
        self._codes = [None]

    def poll(self) -> int | None:
        """Return None the first time, and then how it ended."""
        return self._codes.pop() if self._codes else stub_provider.BAD_USAGE

    def stop(self, grace_s: float = 5.0) -> None:
        """Do nothing: it has ended."""


def test_a_stub_that_ends_just_as_it_is_looked_at_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it cannot use is the user's mistake, however close its end is to the look at its log."""
    log_path = tmp_path / "stub.log"
    log_path.write_text("Cannot listen on 127.0.0.1:9101: Address already in use.\n")
    monkeypatch.setattr(stub_provider, "start", lambda *_, **__: EndsBehindOurBack(log_path))
    with (
        pytest.raises(BadInput, match="Cannot listen on"),
        open_stub(StubOrder(name="openai", dialect="openai", token="t"), log_path),
    ):
        pass
