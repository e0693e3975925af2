"""The providers' own clients, as they are today, against the stubs: ordinary calls, and every class of error.

`.ci/clients.py` tries the oldest ones, and those that are newer than the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from support.official_clients import trial

from tests.unit.stub_providers.conftest import KEY, TOKEN

# Google's client makes a subclass of aiohttp's session, which aiohttp advises against.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.usefixtures("trust_one_authority"),
]
CALLS = [(dialect, name) for dialect in trial.DIALECTS for name in trial.list_calls(dialect)]
FAILURES = [(dialect, *failure) for dialect in trial.DIALECTS for failure in trial.list_failures(dialect)]


@pytest.fixture(scope="module")
def tried(start: Callable[..., AbstractContextManager[Any]]) -> Iterator[Callable[[str], trial.Stub]]:
    """How a test gets the stub of a dialect; each is started once."""
    running: dict[str, Any] = {}
    started: list[AbstractContextManager[Any]] = []

    def get(dialect: str) -> trial.Stub:
        if dialect not in running:
            started.append(start(dialect))
            running[dialect] = started[-1].__enter__()
        stub = running[dialect]
        return trial.Stub(f"http://{stub.listen}", KEY, f"http://{stub.control}", TOKEN)

    yield get
    for one in started:
        one.__exit__(None, None, None)


@pytest.mark.parametrize(("dialect", "name"), CALLS)
def test_an_ordinary_call_goes_well(tried: Callable[[str], trial.Stub], dialect: str, name: str) -> None:
    """What the client makes of the answer is what its user expects."""
    trial.make_call(trial.load(dialect), name, tried(dialect))


@pytest.mark.parametrize(("dialect", "error", "way"), FAILURES)
def test_an_error_is_the_clients_own_exception(
    tried: Callable[[str], trial.Stub], dialect: str, error: str, way: str
) -> None:
    """Whichever way the call was made."""
    trial.meet_failure(trial.load(dialect), error, way, tried(dialect))
