"""Finding the recipe: which layer gets which form, on real samples, under what the owner asks for."""

from edgeattn_export.search.goal import Goal
from edgeattn_export.search.search import Found, follow, search
from edgeattn_export.search.store import Store
from edgeattn_export.search.trial import Trial, front

__all__ = ["Found", "Goal", "Store", "Trial", "follow", "front", "search"]
