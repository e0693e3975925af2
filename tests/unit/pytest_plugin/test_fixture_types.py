"""The types of the plugin's fixtures, as docs/how-to/pytest.md names them for those who annotate."""

from __future__ import annotations

import ast
import re

from support.whole_runs import ROOT

PLUGIN = ROOT / "harness" / "alertdrill" / "pytest_plugin" / "__init__.py"
DOCS = (ROOT / "docs" / "how-to" / "pytest.md").read_text()


def list_fixture_types() -> dict[str, str]:
    """Return what each fixture of the plugin gives, as its signature says."""
    functions = (node for node in ast.parse(PLUGIN.read_text()).body if isinstance(node, ast.FunctionDef))
    return {
        one.name: re.sub(r"^Iterator\[(.*)]$", r"\1", ast.unparse(one.returns or ast.Constant(None)))
        for one in functions
        if any("fixture" in ast.unparse(decorator) for decorator in one.decorator_list)
    }


def test_every_fixture_is_documented_with_its_type() -> None:
    """The table has each of them; what drills are held by is named in a sentence."""
    rows = re.findall(r"^\| (`alertdrill_.*) \|.*\| `(.*)` \|$", DOCS, flags=re.MULTILINE)
    documented = {name: kind for names, kind in rows for name in re.findall("`(.*?)`", names)}
    assert documented | {"alertdrill": "Alertdrill"} == list_fixture_types()


def test_every_type_is_where_the_docs_import_it_from() -> None:
    """The lines can be copied."""
    lines = re.findall(r"^from alertdrill\.\S+ import \w+$", DOCS, flags=re.MULTILINE)
    assert len(lines) == 3
    exec("\n".join(lines), {})  # noqa: S102 - the docs' own lines
