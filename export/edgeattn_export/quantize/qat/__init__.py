"""Grids that quantization-aware training left in weights."""
