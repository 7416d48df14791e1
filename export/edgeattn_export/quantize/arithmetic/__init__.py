"""The arithmetic of int8: steps, grids, and sums that must fit."""
