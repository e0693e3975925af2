"""What the parser is told in other words means the same to the real Prometheus."""

from __future__ import annotations

import os
from pathlib import Path

import requests
from support.lone_prometheus import run_prometheus
from support.patience import PATIENCE_S

from alertdrill.rules.promql.expressions import parse, render
from alertdrill.runtime.binaries import Generation, find_engines

NOW_S = "1000000.5"
DURATIONS = [
    "5m*2",
    "26m+4m",
    "30m+0s",
    "24m+((1.5*2m)+2m)",
    "-5m+35m",
    "1h/7",
    "1h30m % 17m",
    "30m1s-30m1s % 1m",
    "2m ^ 2 / 100",
    "((((8 - 2) / 3) * 7s) % 4) + 8000ms",
    "1_000",
    "1.001 * 100",
    ".5e3",
    "0x1_0",
]
EXPRESSIONS = [
    *(f"count_over_time(vector(1)[{duration}:1s])" for duration in DURATIONS),
    *(f"count_over_time(vector(1)[1h:{duration}])" for duration in DURATIONS),
    *(f"last_over_time(vector(time())[1h:1s] offset ({duration}))" for duration in DURATIONS),
    "last_over_time(vector(time())[1h:1s] offset -(2 ^ 3))",
    "last_over_time(vector(time())[1h:1s] offset 2) ^ 3",
    "last_over_time(vector(time())[10s:100ms] @ -1.55)",
    "last_over_time(vector(time())[10s:1ms] @ 1.0006)",
    "last_over_time(vector(time())[10s:1ms] @ - 1h30m)",
    "last_over_time(vector(time())[10s:1s] offset -0s)",
    r"""label_replace(vector(1), "a", "\xe2\x98\x83\303\251\U0001F600\a'", "", "")""",
    r"label_replace(vector(1), 'a', `\n`, '', '') # why",
    "vector(1_000.5_0 + 0x1_F + 1e1_0) > 0s",
]


def test_what_is_restated_has_the_value_that_it_had(tmp_path: Path) -> None:
    """Arithmetic in durations, numbers, strings and absolute times are read as Prometheus 3 reads them."""
    engines = find_engines(os.environ, generation=Generation.NEWEST)
    with (
        run_prometheus(engines, tmp_path, "--enable-feature=promql-duration-expr") as url,
        requests.Session() as session,
    ):
        session.trust_env = False

        def ask(expr: str) -> object:
            answer = session.get(
                f"{url}/api/v1/query", params={"query": expr, "time": NOW_S}, timeout=PATIENCE_S
            )
            assert answer.ok, (expr, answer.text)
            return answer.json()["data"]["result"]

        before = {expr: ask(expr) for expr in EXPRESSIONS}
        after = {expr: ask(render(parse(expr))) for expr in EXPRESSIONS}
    assert after == before
    assert all(before.values())
