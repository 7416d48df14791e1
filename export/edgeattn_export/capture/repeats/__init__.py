"""Whether a module answers alike twice, and if not, what in forward draws random numbers or keeps state."""

from edgeattn_export.capture.repeats.check import check_repeats

__all__ = ["check_repeats"]
