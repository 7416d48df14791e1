"""Finding the recipe: which layer gets which form, on real samples, under what the user asks for."""

from edgeattn_export.search.goal import Goal, Trial, front
from edgeattn_export.search.rig import Rig
from edgeattn_export.search.search import SearchResult, follow, search
from edgeattn_export.search.store import Store

__all__ = ["Goal", "Rig", "SearchResult", "Store", "Trial", "follow", "front", "search"]
