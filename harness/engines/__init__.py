"""Where prometheus, promtool, alertmanager and amtool come from."""

from harness.engines.generations import Generation
from harness.engines.search import Engines, find_engines

__all__ = ["Engines", "Generation", "find_engines"]
