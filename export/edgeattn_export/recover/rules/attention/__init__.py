"""Attention, out of any spelling: its scores, masks and weights are read, then one operator is written."""
