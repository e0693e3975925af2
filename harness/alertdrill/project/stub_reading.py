"""The stub providers' own reading of behaviours, which is the only one.

The stub providers stand beside the package and import nothing of it. Their modules are loaded from their
folder below a name of this package: a user's process gets no `stub_providers`, and keeps one of its own.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

from alertdrill.places import ROOT

if TYPE_CHECKING:
    from stub_providers import behaviour_fields, behaviour_reading, checks

BESIDE = f"{__name__}.stub_providers"


def _load(name: str) -> ModuleType:
    if BESIDE not in sys.modules:
        spec = ModuleSpec(BESIDE, None, is_package=True)
        spec.submodule_search_locations = [str(ROOT / "stub_providers")]
        sys.modules[BESIDE] = module_from_spec(spec)
    return import_module(f"{BESIDE}.{name}")


if not TYPE_CHECKING:
    behaviour_fields = _load("behaviour_fields")
    behaviour_reading = _load("behaviour_reading")
    checks = _load("checks")

__all__ = ["behaviour_fields", "behaviour_reading", "checks"]
