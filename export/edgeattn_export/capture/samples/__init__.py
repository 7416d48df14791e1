"""Samples as their user hands them over."""
