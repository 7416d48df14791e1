"""From meaning to what one engine is fast at, or cannot do without: a folder an engine.

How to add a lowering: a file in the engine's folder with a rule of ``graph.rule`` that changes no number, its
docstring opening with the graph before and after and what it gains; and a line in the engine's ``LOWERINGS``.
Each is proven on real samples or undone. What an engine cannot do without is a function in its ``needs``.
"""

from edgeattn_export.lower.lower import Lowered, lower

__all__ = ["Lowered", "lower"]
