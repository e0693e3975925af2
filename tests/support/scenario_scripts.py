"""Asks scenarios, in a process such as Locust's, whether they take options: JSON in, JSON out.

A list of `[scenario, options]` is answered: for each why it is refused, or null, which fields it took, and
what it needs that only the reference gateway has.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


def main() -> None:
    """Answer what is asked on standard input."""
    from alertdrill.load.errors import BadPlan
    from alertdrill.load.fields import Fields
    from alertdrill.load.users import ScenarioUser

    for path in sorted(SCENARIOS.glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    scenarios = {one.scenario: one for one in ScenarioUser.__subclasses__()}

    class Noting(Fields):
        """Notes for which fields it was asked."""

        asked: set[str]

        def has(self, name: str) -> bool:
            self.asked.add(name)
            return super().has(name)

        def _take(self, name: str, default: Any) -> Any:
            self.asked.add(name)
            return super()._take(name, default)

    def ask(scenario: str, options: dict[str, Any]) -> tuple[str | None, list[str], str]:
        fields = Noting(options, "options", {"key": "sk-of-the-project"})
        fields.asked = set()
        needs = scenarios[scenario].find_needs(options)
        try:
            scenarios[scenario].script(fields)
            fields.end()
        except BadPlan as error:
            return str(error), sorted(fields.asked), needs
        return None, sorted(fields.asked), needs

    sys.stdout.write(json.dumps([ask(*asked) for asked in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
