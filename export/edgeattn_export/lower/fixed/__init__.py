"""Graphs of fixed sizes, for engines that take no others: one a bucket, all of the same weights."""

from edgeattn_export.lower.fixed.bind import bind
from edgeattn_export.lower.fixed.choose import Few, Sizes, choose_sizes

__all__ = ["Few", "Sizes", "bind", "choose_sizes"]
