"""Inputs that never end, answered hop by hop."""
