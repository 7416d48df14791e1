"""The picture of all that was tried: error against latency against size, its front, and what was chosen."""

from edgeattn.report.pareto.picture import pareto_svg

__all__ = ["pareto_svg"]
