"""Finding the recipe: which layer gets which form, on real samples, under what the user asks for."""

from edgeattn_export.search.bench import Bench
from edgeattn_export.search.goal import Goal
from edgeattn_export.search.search import Found, follow, search
from edgeattn_export.search.store import Store
from edgeattn_export.search.trial import Trial, front

__all__ = ["Bench", "Found", "Goal", "Store", "Trial", "follow", "front", "search"]
