"""Rewrites of the graph around and of linear layers."""
