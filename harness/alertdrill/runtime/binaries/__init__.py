"""Where prometheus, promtool, alertmanager and amtool come from."""

from alertdrill.runtime.binaries.generations import Generation
from alertdrill.runtime.binaries.search import Engines, Promtool, find_engines, find_promtool

__all__ = ["Engines", "Generation", "Promtool", "find_engines", "find_promtool"]
